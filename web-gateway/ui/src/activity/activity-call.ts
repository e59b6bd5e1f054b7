/** Calls through tunnels, and how they went, in words. */
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconClock, IconDoorExit, type Icon } from '@tabler/icons-react';
import type { Call } from '../api/answer.ts';
import type { paths } from '../api/generated/openapi.d.ts';
import type { Tone } from '../parts/status-word.tsx';

/** By which calls are filtered. */
export type CallResult = NonNullable<NonNullable<paths['/api/v1/activity']['get']['parameters']['query']>['result']>;

/** For a choice of one. */
export const resultChoices: readonly { readonly value: CallResult; readonly label: string }[] = [
  { value: 'ok', label: 'Succeeded' },
  { value: 'failed', label: 'Failed' },
  { value: 'under-way', label: 'Under way' },
];

/** Whether calls can be filtered by it. */
export function isResult(text: string | undefined): text is CallResult {
  return resultChoices.some(({ value }) => value === text);
}

/** As a word in a tone, with a picture. */
export interface Outcome {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: Icon;
}

/** Those that engines and the gateway give. */
const STATUS: Readonly<Record<number, string>> = {
  101: 'Upgraded',
  200: 'OK',
  201: 'Created',
  204: 'Done',
  304: 'Unchanged',
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  429: 'Too many',
  499: 'Client left',
  500: 'Engine failed',
  501: 'Not supported',
  502: 'Bad gateway',
  503: 'Not available',
  504: 'Timed out',
};

/** How a call ended, or that it has not. */
export function outcomeOf({ endedAt, status, failure }: Call): Outcome {
  if (endedAt === null) return { word: 'Under way', tone: 'busy', icon: IconClock };
  // A log that is followed ends no other way: it is nobody's fault.
  if (failure === 'client-disconnected') return { word: 'Ended by the client', tone: 'quiet', icon: IconDoorExit };
  if (failure !== null) return { word: sentence(failure), tone: 'bad', icon: IconCircleX };
  if (status === null) return { word: 'Client left', tone: 'warning', icon: IconDoorExit };
  const word = STATUS[status] === undefined ? String(status) : `${status} ${STATUS[status]}`;
  if (status >= 500) return { word, tone: 'bad', icon: IconCircleX };
  return status >= 400 ? { word, tone: 'warning', icon: IconAlertTriangle } : { word, tone: 'good', icon: IconCircleCheck };
}

/** What the call became, and how that ended; empty for an ordinary call. */
export function streamText({ stream }: Call): string {
  if (stream === null) return '';
  return stream.endReason === null ? stream.kind : `${stream.kind}, ${sentence(stream.endReason).toLowerCase()}`;
}

/** A path with the ids of containers, execs and the like as `docker ps` shortens them. */
export function shortPath(path: string): string {
  return path.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
}

/** A span of milliseconds, to about three figures. */
export function spanMsText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A stable code as people read it. */
function sentence(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
