/** The agent's options, in stages: as given by flags and environment → defaults → compiled. */
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { EdgeIdError, parseEdgeId } from '../proto/edge-id.ts';
import { JoinTokenError, parseJoinToken } from '../proto/join-token.ts';
import type { JoinToken } from '../proto/join-token.ts';
import { AgentOptionsError } from './agent-error.ts';
import { chooseProxy } from './connection/proxy.ts';
import type { ProxyChoice } from './connection/proxy.ts';
import { parseDurationMs } from './duration.ts';

/** Options as they are given: text, each by its flag or its variable. */
export interface GivenOptions {
  /** EDGE_ID. */
  readonly edgeId?: string | undefined;
  /** EDGE_KEY. Secret. */
  readonly edgeKey?: string | undefined;
  /** EDGE_KEY_FILE. */
  readonly edgeKeyFile?: string | undefined;
  /** EDGE_INSECURE_POLL: 0 or 1. */
  readonly edgeInsecurePoll?: string | undefined;
  /** EDGE_CA_FILE. */
  readonly edgeCaFile?: string | undefined;
  /** EDGE_INACTIVITY_TIMEOUT. */
  readonly edgeInactivityTimeout?: string | undefined;
  /** DOCKER_HOST. */
  readonly dockerHost?: string | undefined;
  /** DATA_PATH. */
  readonly dataPath?: string | undefined;
  /** HTTPS_PROXY. */
  readonly httpsProxy?: string | undefined;
  /** NO_PROXY. */
  readonly noProxy?: string | undefined;
  /** LOG_LEVEL. */
  readonly logLevel?: string | undefined;
}

export const AGENT_DEFAULTS = { dockerHost: 'unix:///var/run/docker.sock', dataPath: '/data', logLevel: 'info' } as const;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the agent runs on. */
export interface AgentOptions {
  /** A UUID in lower case. */
  readonly edgeId: string;
  readonly token: JoinToken;
  /** Whether the API's certificate is trusted by the join token's fingerprint instead of by authorities. */
  readonly isInsecurePoll: boolean;
  /** The authorities to trust instead of the system's, PEM. */
  readonly caPem: string | undefined;
  /** Wins over the control plane's setting; undefined follows it. */
  readonly inactivityMs: number | undefined;
  /** The path of the engine's Unix socket. */
  readonly dockerSocket: string;
  /** Where it keeps the endpoints it was told. */
  readonly dataPath: string;
  readonly proxyFor: ProxyChoice;
  readonly logLevel: LogLevel;
}

/** Compiles options. Throws {@link AgentOptionsError} for the first one that can't be used. */
export function compileOptions(given: GivenOptions): AgentOptions {
  const proxyFor = chooseProxy(given.httpsProxy, given.noProxy ?? '');
  if (proxyFor === undefined) throw invalid('HTTPS_PROXY is not an http:// proxy with host and port, such as http://proxy.example:3128; set one, or none');
  return {
    edgeId: readEdgeId(given.edgeId),
    token: readToken(given),
    isInsecurePoll: readSwitch('EDGE_INSECURE_POLL', given.edgeInsecurePoll),
    caPem: given.edgeCaFile === undefined ? undefined : readAuthorities(given.edgeCaFile),
    inactivityMs: given.edgeInactivityTimeout === undefined ? undefined : readInactivity(given.edgeInactivityTimeout),
    dockerSocket: readDockerHost(given.dockerHost ?? AGENT_DEFAULTS.dockerHost),
    dataPath: given.dataPath ?? AGENT_DEFAULTS.dataPath,
    proxyFor,
    logLevel: readLogLevel(given.logLevel ?? AGENT_DEFAULTS.logLevel),
  };
}

function readEdgeId(text: string | undefined): string {
  if (text === undefined) throw invalid('EDGE_ID is missing; set it to the Edge ID that the environment shows');
  try {
    return parseEdgeId(text);
  } catch (error) {
    if (error instanceof EdgeIdError) throw new AgentOptionsError(error.code, error.message, error);
    throw error;
  }
}

function readToken({ edgeKey, edgeKeyFile }: GivenOptions): JoinToken {
  if (edgeKey !== undefined && edgeKeyFile !== undefined) throw invalid('EDGE_KEY and EDGE_KEY_FILE are both set; set one of them');
  const text = edgeKeyFile === undefined ? edgeKey : readOptionFile('EDGE_KEY_FILE', edgeKeyFile);
  if (text === undefined) throw invalid('EDGE_KEY is missing; set it, or EDGE_KEY_FILE, to the join token that the environment shows');
  try {
    return parseJoinToken(text);
  } catch (error) {
    if (error instanceof JoinTokenError) throw new AgentOptionsError(error.code, error.message, error);
    throw error;
  }
}

function readSwitch(name: string, text: string | undefined): boolean {
  if (text === undefined || ['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  throw invalid(`${name} is neither 0 nor 1; set one of them`);
}

function readAuthorities(file: string): string {
  const pem = readOptionFile('EDGE_CA_FILE', file);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw invalid(`EDGE_CA_FILE ${file} holds no certificate in PEM; give the control plane's CA, from its /ca.pem`, error);
  }
}

function readInactivity(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1000) throw invalid('EDGE_INACTIVITY_TIMEOUT is no duration of at least 1s, such as 30s, 5m or 1h; set one');
  return ms;
}

function readDockerHost(text: string): string {
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return path;
  throw invalid('DOCKER_HOST is not a Unix socket; the agent drives the engine beside it: set it to unix:///var/run/docker.sock, or where the socket is');
}

function readLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text.toLowerCase());
  if (level === undefined) throw invalid(`LOG_LEVEL is none of ${LOG_LEVELS.join(', ')}; set one of them`);
  return level;
}

function readOptionFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw invalid(`${name} ${file} cannot be read (${reason}); name a file that this user can read`, error);
  }
}

function invalid(message: string, cause?: unknown): AgentOptionsError {
  return new AgentOptionsError('invalid-option', message, cause);
}
