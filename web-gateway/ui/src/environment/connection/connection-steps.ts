/** How a tunnel comes to be open, step by step, by what is recorded of it. */
import type { TimelineEntry } from '../../api/answer.ts';

/** One of five, in this order. */
export interface ConnectionStep {
  readonly name: 'required' | 'told' | 'sent' | 'opening' | 'open';
  readonly label: string;
  /** RFC 3339; null where it has not happened yet, or nobody records when. */
  readonly at: string | null;
  readonly state: 'done' | 'now' | 'ahead' | 'failed';
  readonly note: string | null;
}

/** What the events of one attempt say: from what made the tunnel required to what came of it. */
interface Attempt {
  readonly required: TimelineEntry | undefined;
  readonly issued: TimelineEntry | undefined;
  readonly opened: TimelineEntry | undefined;
  /** The agent could not, or did not in time. */
  readonly failed: TimelineEntry | undefined;
}

/** An attempt begins with one of these. */
const BEGINNINGS = new Set(['TunnelRequired', 'TunnelLost']);
const FAILURES = new Set(['TunnelOpenFailed', 'TunnelCredentialsExpired']);

function lastAttempt(entries: readonly TimelineEntry[]): Attempt {
  const begun = entries.findIndex(({ type }) => BEGINNINGS.has(type));
  const since = begun === -1 ? entries : entries.slice(0, begun + 1);
  const newest = (wanted: (type: string) => boolean): TimelineEntry | undefined => since.find(({ type }) => wanted(type));
  const issued = newest((type) => type === 'TunnelCredentialsIssued');
  const ofIssued = (entry: TimelineEntry | undefined): TimelineEntry | undefined => (entry?.details['credentialsId'] === issued?.details['credentialsId'] ? entry : undefined);
  return { required: newest((type) => BEGINNINGS.has(type)), issued, opened: ofIssued(newest((type) => type === 'TunnelOpened')), failed: ofIssued(newest((type) => FAILURES.has(type))) };
}

/**
 * @param entries of the environment's tunnels, newest first
 * @param node the Swarm node's id; null is the environment's own tunnel
 */
export function connectionSteps(entries: readonly TimelineEntry[], node: string | null): readonly ConnectionStep[] {
  const { required, issued, opened, failed } = lastAttempt(entries.filter(({ details }) => (details['node'] ?? null) === node));
  const agent = textOf(issued?.details['agentNode']);
  const failure = failed === undefined ? null : failed.type === 'TunnelCredentialsExpired' ? 'They were not used in time.' : `${textOf(failed.details['detail']) ?? 'The agent could not open it'} (${textOf(failed.details['reason']) ?? 'no reason given'})`;
  const isOpening = issued !== undefined && opened === undefined && failed === undefined;
  const done = (entry: TimelineEntry | undefined, isNext: boolean): ConnectionStep['state'] => (entry !== undefined ? 'done' : isNext ? 'now' : 'ahead');
  return [
    { name: 'required', label: 'Required', at: required?.time ?? null, state: done(required, true), note: required?.type === 'TunnelLost' ? 'The tunnel before was lost; a new one is opened by itself.' : null },
    { name: 'told', label: 'Agent told', at: issued?.time ?? null, state: done(issued, required !== undefined), note: agent === null ? null : `In the answer to the poll of ${agent}.` },
    { name: 'sent', label: 'Credentials sent', at: issued?.time ?? null, state: done(issued, false), note: issued === undefined ? null : 'With the same answer; good for one use.' },
    // Of its beginning nobody tells: the agent does it by itself.
    { name: 'opening', label: 'Tunnel opening', at: failed?.time ?? null, state: opened !== undefined ? 'done' : failure !== null ? 'failed' : isOpening ? 'now' : 'ahead', note: failure },
    { name: 'open', label: 'Open', at: opened?.time ?? null, state: opened === undefined ? 'ahead' : 'done', note: textOf(opened?.details['address']) === null ? null : `From ${String(opened?.details['address'])}.` },
  ];
}

/** From the first step to the last, where it is open. */
export function openedWithinMs(steps: readonly ConnectionStep[]): number | null {
  const [first, last] = [steps[0]?.at, steps.at(-1)?.at];
  return first === null || first === undefined || last === null || last === undefined ? null : Date.parse(last) - Date.parse(first);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
