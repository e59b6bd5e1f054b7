/** An instant as `5 min ago`, with the exact one on hover and for the keyboard. */
import { Text, Tooltip } from '@mantine/core';
import { exactText, relativeText } from './relative-text.ts';
import { useServerText } from './use-server-now.ts';

/** @param at RFC 3339; null is shown as `fallback`. */
export function RelativeTime({ at, fallback = 'never' }: { readonly at: string | null | undefined; readonly fallback?: string }): React.JSX.Element {
  if (at === null || at === undefined) return <Text span inherit c="dimmed">{fallback}</Text>;
  return (
    <Tooltip label={exactText(at)}>
      <time dateTime={at}>
        <RelativeText at={at} />
      </time>
    </Tooltip>
  );
}

/** The same in rows of long lists: its hint is the browser's own, which costs nothing before it is looked for. */
export function RelativeTimeInRow({ at, fallback = 'never' }: { readonly at: string | null | undefined; readonly fallback?: string }): React.JSX.Element {
  if (at === null || at === undefined) return <span style={{ color: 'var(--mantine-color-dimmed)' }}>{fallback}</span>;
  return (
    <time dateTime={at} title={exactText(at)}>
      <RelativeText at={at} />
    </time>
  );
}

/** The words alone. They are drawn again when they change, and nothing around them is. */
export function RelativeText({ at }: { readonly at: string }): React.JSX.Element {
  const atMs = Date.parse(at);
  return <>{useServerText((nowMs) => relativeText(atMs, nowMs))}</>;
}
