/** A command in a running container: made in the engine, started, and joined to a WebSocket until it exits. */
import { GatewayError } from '../problems/gateway-error.ts';
import type { ContainerSession } from './container-session.ts';
import { howItEnded, processState, type ProcessState } from './how-it-ended.ts';
import { createResizer, joinTerminal, windowSize, type WindowSize } from './terminal.ts';

/** What is to be run. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly user: string | undefined;
  readonly workingDir: string | undefined;
  readonly env: readonly string[];
  readonly privileged: boolean;
  readonly detachKeys: string | undefined;
  readonly size: WindowSize | undefined;
}

const ENGINE_ID = /^[A-Za-z0-9]{1,128}$/;
const LONGEST_TEXT = 4_096;
const MOST_TEXTS = 1_000;

/** @param asked undefined where the client says it by its first message */
export async function runExec(session: ContainerSession, asked: ExecRequest | undefined, closing: AbortSignal): Promise<void> {
  const { engine, container, signal } = session;
  const { command, tty, user, workingDir, env, privileged, detachKeys, size } = asked ?? (await firstMessage(session, closing));
  const created = await engine.ask({
    method: 'POST',
    path: `/containers/${container}/exec`,
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: command,
      Tty: tty,
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      ...(env.length === 0 ? {} : { Env: env }),
      ...(privileged ? { Privileged: true } : {}),
      ...(detachKeys === undefined ? {} : { DetachKeys: detachKeys }),
    },
    signal,
  });
  const { Id: id } = (created ?? {}) as { Id?: unknown };
  if (typeof id !== 'string' || !ENGINE_ID.test(id)) throw new GatewayError('engine-protocol-error', 'The engine’s answer was refused: it names no exec.');
  const channel = await engine.converse({ method: 'POST', path: `/exec/${id}/start`, body: { Detach: false, Tty: tty }, signal });
  const resizePath = `/exec/${id}/resize`;
  session.tell({ type: 'ready', tty, execId: id });
  if (tty && size !== undefined) createResizer(session, resizePath)(size);
  await joinTerminal(session, { channel, isTerminal: tty, resizePath });
  session.end({ type: 'exit', code: await exitCode(session, id) }, 'exited');
}

/** Null where the engine does not say it: the command goes on after it was detached from, or the server is stopping. */
async function exitCode({ engine, signal }: ContainerSession, id: string): Promise<number | null> {
  const look = async (): Promise<ProcessState> => processState((await engine.ask({ method: 'GET', path: `/exec/${id}/json`, signal })) ?? {});
  const { exitCode: code } = await howItEnded(look, signal).catch(() => ({ exitCode: null }));
  return code;
}

async function firstMessage({ inbox, signal, limits }: ContainerSession, closing: AbortSignal): Promise<ExecRequest> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new GatewayError('request-timeout', 'No start message came in time.')), limits.webSocketStartMs);
  try {
    const stopping = AbortSignal.any([signal, patience.signal, closing]);
    const said = await inbox.next(stopping).catch((error: unknown) => {
      throw closing.aborted && !signal.aborted ? new GatewayError('shutting-down', 'The server is shutting down.') : error;
    });
    if (said.kind !== 'message' || said.message.type !== 'start') throw new GatewayError('invalid-request', 'The first message must be of type start, unless the query names a command.');
    return readStart(said.message);
  } finally {
    clearTimeout(timer);
  }
}

function readStart(message: Readonly<Record<string, unknown>>): ExecRequest {
  const { command, tty = true, user, workingDir, env = [], privileged = false, detachKeys, cols, rows } = message;
  const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_TEXT;
  const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.length <= MOST_TEXTS && value.every(isText);
  const isAbsentOrText = (value: unknown): value is string | undefined => value === undefined || isText(value);
  const wrong = (what: string): GatewayError => new GatewayError('invalid-request', `start: ${what}.`);
  if (!isTexts(command) || command.length === 0) throw wrong('command must be a list of words');
  if (typeof tty !== 'boolean' || typeof privileged !== 'boolean') throw wrong('tty and privileged must be true or false');
  if (!isAbsentOrText(user) || !isAbsentOrText(workingDir) || !isAbsentOrText(detachKeys)) throw wrong('user, workingDir and detachKeys must be text');
  if (!isTexts(env)) throw wrong('env must be a list of NAME=value');
  return { command, tty, user, workingDir, env, privileged, detachKeys, size: windowSize({ cols, rows }) };
}
