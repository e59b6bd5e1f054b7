/** What was said on the wire, as it is kept in test/wire/recorded: each message's bytes, and what they said when they were recorded. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as poll from '../../proto/generated/homeport/poll/v1/poll.ts';
import * as tunnel from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';

export const RECORDED = fileURLToPath(new URL('recorded', import.meta.url));

export type Speaker = 'agent' | 'control-plane';

/** One thing that was seen, in the order in which it was. Calls are numbered from 1, connections too; of bulk is kept what it was, not what it said. */
export type Step =
  | { readonly call: number; readonly is: 'begun'; readonly method: string; readonly connection: number }
  | { readonly call: number; readonly is: 'said'; readonly by: Speaker; readonly bytes: string; readonly says?: unknown }
  /** The agent has ended its side. */
  | { readonly call: number; readonly is: 'half-closed' }
  | { readonly call: number; readonly is: 'ended'; readonly status: number; readonly reason?: string };

/** The throw-away installation that was recorded. Its secrets are secrets no more. */
export interface RecordedInstallation {
  readonly release: string;
  readonly recordedAtMs: number;
  /** Base64. */
  readonly installationKey: string;
  /** PKCS #8 in base64. */
  readonly tunnelKey: string;
  /** PEM. */
  readonly tunnelCertificate: string;
  /** SHA-256 over the SPKI of 9443's certificate, hex. */
  readonly apiSpkiSha256: string;
  readonly environmentId: string;
  readonly edgeId: string;
  readonly joinToken: string;
  /** What made the environment, oldest first. */
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: unknown; readonly metadata: unknown }[];
}

export interface Recording {
  readonly installation: RecordedInstallation;
  /** By name: main, troubles … */
  readonly scenes: Readonly<Record<string, readonly Step[]>>;
}

/** The releases that were recorded. */
export function recordedReleases(): readonly string[] {
  return readdirSync(RECORDED).toSorted();
}

export function readRecording(release: string): Recording {
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(RECORDED, release, name), 'utf8'));
  const scenes = readdirSync(path.join(RECORDED, release)).filter((name) => name.endsWith('.scene.json'));
  return {
    installation: read('installation.json') as RecordedInstallation,
    scenes: Object.fromEntries(scenes.map((name) => [name.replace('.scene.json', ''), read(name) as readonly Step[]])),
  };
}

interface Reader {
  decode(bytes: Uint8Array): unknown;
}

/** How a method's messages are read today. */
const MESSAGES: Readonly<Record<string, Readonly<Record<Speaker, Reader>>>> = {
  '/homeport.poll.v1.PollService/GetBinding': { agent: poll.GetBindingRequest, 'control-plane': poll.GetBindingResponse },
  '/homeport.poll.v1.PollService/Poll': { agent: poll.PollRequest, 'control-plane': poll.PollResponse },
  '/homeport.poll.v1.PollService/RecordSnapshot': { agent: poll.RecordSnapshotRequest, 'control-plane': poll.RecordSnapshotResponse },
  '/homeport.tunnel.v1.TunnelService/Open': { agent: tunnel.OpenRequest, 'control-plane': tunnel.OpenResponse },
  '/homeport.tunnel.v1.TunnelService/Channel': { agent: tunnel.ChannelRequest, 'control-plane': tunnel.ChannelResponse },
};

/** What bytes say today, in JSON: bytes as base64, absent fields left out. */
export function meaningOf(method: string, by: Speaker, bytes: Uint8Array): unknown {
  const messages = MESSAGES[method];
  if (messages === undefined) throw new Error(`nobody knows ${method}`);
  return plain(messages[by].decode(bytes));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[name, plain(field)]])));
}
