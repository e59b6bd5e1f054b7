/** A client that knows what is right: each request ends as `right`, as an error's code, as `cut`, or as what must never be. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { digestOf, knownBytes } from '../../../support/fleet/known-bytes.ts';
import { pick, type Dice } from '../../../support/fleet/seed.ts';
import { bytesPath, ECHO_PATH, RAW_PATH } from '../../../support/fleet/verifiable-engine.ts';

/**
 * `right`: the whole right answer. `error`: Homeport said by a code why there is none. `cut`: the connection broke, so that nobody
 * can take what came for an answer. `wrong`: anything else.
 */
export interface Outcome {
  readonly kind: 'right' | 'error' | 'cut' | 'wrong';
  /** The error's code, or what is wrong. */
  readonly detail: string;
}

export interface VerifyingClient {
  /** One request to an environment, of a kind and a size by the dice. */
  ask(environmentId: string, dice: Dice): Promise<Outcome>;
  /** Known bytes from an environment's engine. */
  getBytes(environmentId: string, name: string, length: number): Promise<Outcome>;
}

/** Nothing takes longer: 30 s for a tunnel, the longest silence of a link, and then some. */
const LONGEST_MS = 75_000;
const SIZES = [0, 1, 1000, 70_001, 300_000, 2_000_000] as const;

const RIGHT: Outcome = { kind: 'right', detail: '' };
const CUT: Outcome = { kind: 'cut', detail: '' };
const wrong = (detail: string): Outcome => ({ kind: 'wrong', detail });

export function createVerifyingClient({ url, ca, apiKey }: { readonly url: string; readonly ca: string; readonly apiKey: string }): VerifyingClient {
  function send(method: string, environmentId: string, path: string, headers: Readonly<Record<string, string | number>>, signal: AbortSignal): ReturnType<typeof request> {
    const sent = request(new URL(`/api/v1/environments/${environmentId}/docker${path}`, url), { method, ca, agent: false, signal, headers: { ...headers, authorization: `Bearer ${apiKey}` } });
    return sent.on('error', () => undefined);
  }

  async function outcomeOf(sent: ReturnType<typeof request>, expected: Buffer, what: string): Promise<Outcome> {
    // Rejects where the connection breaks before.
    const [answer] = (await once(sent, 'response').catch(() => [])) as [] | [IncomingMessage];
    return answer === undefined ? CUT : outcomeOfAnswer(answer, expected, what);
  }

  async function getBytes(environmentId: string, name: string, length: number, signal: AbortSignal): Promise<Outcome> {
    const sent = send('GET', environmentId, bytesPath(name, length), {}, signal);
    sent.end();
    return outcomeOf(sent, knownBytes(name, length), `GET of ${length} bytes`);
  }

  async function echo(environmentId: string, name: string, length: number, signal: AbortSignal): Promise<Outcome> {
    const body = knownBytes(name, length);
    const sent = send('POST', environmentId, ECHO_PATH, { 'content-length': length, 'content-type': 'application/x-tar' }, signal);
    sent.end(body);
    return outcomeOf(sent, body, `POST of ${length} bytes`);
  }

  /** As `docker exec -i` does it: bytes, half-close, and what comes back until the end. */
  function talkRaw(environmentId: string, name: string, length: number, signal: AbortSignal): Promise<Outcome> {
    const body = JSON.stringify({ Detach: false, Tty: true });
    const sent = send('POST', environmentId, RAW_PATH, { connection: 'Upgrade', upgrade: 'tcp', 'content-type': 'application/json', 'content-length': body.length }, signal);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    sent.once('error', () => resolve(CUT));
    sent.once('response', (answer: IncomingMessage) => resolve(outcomeOfAnswer(answer, undefined, 'an upgrade')));
    sent.once('upgrade', (_answer: IncomingMessage, socket: Duplex, head: Buffer) => resolve(outcomeOfRaw(socket, head, knownBytes(name, length))));
    sent.end(body);
    return promise;
  }

  /** Within the time that anything may take. */
  async function inTime(what: string, make: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
    const signal = AbortSignal.timeout(LONGEST_MS);
    const outcome = await make(signal);
    return signal.aborted ? wrong(`${what} came to no end within ${LONGEST_MS / 1000} s`) : outcome;
  }

  return {
    ask(environmentId, dice) {
      const [name, length] = [`name${dice(1000)}`, pick(dice, SIZES)];
      const [what, kind] = pick<readonly [string, typeof getBytes]>(dice, [
        ['GET', getBytes],
        ['POST', echo],
        ['exec', talkRaw],
      ]);
      return inTime(what, (signal) => kind(environmentId, name, length, signal));
    },
    getBytes: (environmentId, name, length) => inTime('GET', (signal) => getBytes(environmentId, name, length, signal)),
  };
}

async function outcomeOfAnswer(answer: IncomingMessage, expected: Buffer | undefined, what: string): Promise<Outcome> {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  await new Promise((resolve) => answer.once('close', resolve));
  if (!answer.complete) return CUT;
  const body = Buffer.concat(chunks);
  if (answer.statusCode === 200 && expected !== undefined) return body.equals(expected) ? RIGHT : wrong(`${what}: ${body.length} bytes as if they were all`);
  try {
    const { code } = JSON.parse(body.toString()) as { readonly code?: unknown };
    if (typeof code === 'string') return { kind: 'error', detail: code };
  } catch {
    // Said below.
  }
  return wrong(`${what}: ${answer.statusCode ?? 0} ${body.subarray(0, 200).toString()}`);
}

/** Sends the bytes and the end of its side; what must come back is their echo, their digest, and an end in peace. */
async function outcomeOfRaw(socket: Duplex, head: Buffer, bytes: Buffer): Promise<Outcome> {
  const expected = Buffer.concat([bytes, Buffer.from(digestOf(bytes))]);
  const chunks: Buffer[] = [head];
  const ending = { isInPeace: false };
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  socket.once('end', () => (ending.isInPeace = true));
  socket.end(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  if (!ending.isInPeace) return CUT;
  const got = Buffer.concat(chunks);
  return got.equals(expected) ? RIGHT : wrong(`a raw stream of ${expected.length} bytes ended in peace after ${got.length}`);
}
