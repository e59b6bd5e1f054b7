/** An instant as `5 min ago`, with the exact one on hover and for the keyboard; on a page of the past as `5 min before`. */
import { Text, Tooltip } from '@mantine/core';
import { useReferenceInstant } from './reference-instant.ts';
import { exactText, lastingText, relativeText, relativeToText } from './relative-text.ts';
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
  const instant = useReferenceInstant();
  return <>{useServerText((nowMs) => (instant === undefined ? relativeText(atMs, nowMs) : relativeToText(atMs, Date.parse(instant))))}</>;
}

/** How long something lasts: `for 5 min`. @param since RFC 3339 */
export function LastingTime({ since }: { readonly since: string }): React.JSX.Element {
  const sinceMs = Date.parse(since);
  const instant = useReferenceInstant();
  const text = useServerText((nowMs) => lastingText(sinceMs, instant === undefined ? nowMs : Date.parse(instant)));
  return (
    <Tooltip label={exactText(since)}>
      <time dateTime={since}>{text}</time>
    </Tooltip>
  );
}
