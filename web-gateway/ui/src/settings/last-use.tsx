/** When an account or a key was last used: known for a month, as long as the read models keep it. */
import { RelativeTime } from '../time/relative-time.tsx';
import { serverNow } from '../time/server-clock.ts';

const KNOWN_FOR_MS = 30 * 86_400_000;

/** @param at RFC 3339; null where it is not known. What was made within the month was never used then. */
export function LastUse({ at, createdAt }: { readonly at: string | null | undefined; readonly createdAt: string | undefined }): React.JSX.Element {
  return <RelativeTime at={at} fallback={createdAt !== undefined && serverNow() - Date.parse(createdAt) < KNOWN_FOR_MS ? 'never' : 'not in a month'} />;
}
