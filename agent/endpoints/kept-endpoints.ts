/** What the agent keeps in DATA_PATH of the endpoints it accepted, so that it goes by them after a restart too. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isUsable } from '../../proto/endpoints.ts';
import { type JoinToken, encodeJoinToken } from '../../proto/join-token.ts';

/** Endpoints that an agent goes by, and where it was answered. */
export interface KeptEndpoints {
  /** 0: the join token's, which are never written. */
  readonly version: number;
  readonly apiUrl: string;
  /** host:port. */
  readonly tunnelAddress: string;
  /** 32 bytes each; the one in use first. */
  readonly fingerprints: readonly Uint8Array[];
  /** API URLs where polls were answered, the last one first. */
  readonly workedApiUrls: readonly string[];
  /** Where a tunnel was opened last; null before the first. */
  readonly workedTunnelAddress: string | null;
}

/** The file they are kept in. */
export interface EndpointsFile {
  readonly path: string;
  /** Undefined where there are none, or another join token's. Throws where they can't be read. */
  read(): KeptEndpoints | undefined;
  /** Whole or not at all, for its owner alone. Throws the system's errors. */
  write(kept: KeptEndpoints): void;
}

/** The file of an agent with this join token; nothing is touched yet. */
export function endpointsFile(dataPath: string, token: JoinToken): EndpointsFile {
  const path = join(dataPath, `endpoints-${token.environmentId}.json`);
  // Another token starts anew; the file tells nothing about it.
  const owner = createHash('sha256').update(`homeport endpoints file v1\0${encodeJoinToken(token)}`).digest('hex');

  return {
    path,
    read() {
      const text = readIfPresent(path);
      if (text === undefined) return undefined;
      const parsed: unknown = JSON.parse(text);
      if (!isRecord(parsed) || parsed['format'] !== 1) throw new Error('it is not written as this release writes it');
      return parsed['token'] === owner ? keptFrom(parsed) : undefined;
    },
    write({ fingerprints, ...kept }) {
      mkdirSync(dataPath, { recursive: true, mode: 0o700 });
      const temporary = `${path}.new`;
      const file = openSync(temporary, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify({ format: 1, token: owner, ...kept, fingerprints: fingerprints.map((one) => Buffer.from(one).toString('base64')) }, null, 2)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    },
  };
}

function keptFrom({ version, apiUrl, tunnelAddress, fingerprints, workedApiUrls, workedTunnelAddress }: Record<string, unknown>): KeptEndpoints {
  const kept = {
    version: typeof version === 'number' && Number.isSafeInteger(version) ? version : 0,
    apiUrl: typeof apiUrl === 'string' ? apiUrl : '',
    tunnelAddress: typeof tunnelAddress === 'string' ? tunnelAddress : '',
    fingerprints: textsIn(fingerprints).map((one) => Buffer.from(one, 'base64')),
    workedApiUrls: textsIn(workedApiUrls),
    workedTunnelAddress: typeof workedTunnelAddress === 'string' ? workedTunnelAddress : null,
  };
  const isGood = kept.version > 0 && isUsable(kept) && kept.workedApiUrls.every((url) => isUsable({ ...kept, apiUrl: url }));
  if (!isGood || (kept.workedTunnelAddress !== null && !isUsable({ ...kept, tunnelAddress: kept.workedTunnelAddress }))) throw new Error('a part of it cannot be used');
  return kept;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : '')) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
