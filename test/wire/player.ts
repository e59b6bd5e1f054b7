/** Plays a recorded control plane to an agent: at each point of each call it says, byte for byte, what was said then. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { signBinding } from '../../proto/binding.ts';
import { signEndpoints } from '../../proto/endpoints.ts';
import { certificateSpkiSha256 } from '../../proto/fingerprint.ts';
import { Endpoints, GetBindingRequest, GetBindingResponse, PollRequest, PollResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { createMessages, framed } from './messages.ts';
import { type Recording, type Speaker, type Step, meaningOf } from './recording.ts';

/** What an agent said on one call, by what it is in the recording. */
export interface HeardCall {
  readonly call: number;
  readonly method: string;
  readonly said: readonly unknown[];
  /** The bytes of a channel's data, put together. */
  readonly data: Buffer;
}

export interface Player {
  /** On 127.0.0.1; both services. */
  readonly port: number;
  readonly heard: readonly HeardCall[];
  close(): void;
}

export interface PlayOptions {
  /** May change the world before a step. */
  readonly before?: (step: Step) => Promise<void> | void;
  /** Put after each message, as fields of a later version are. */
  readonly more?: Uint8Array;
}

export interface RecordedCall {
  readonly call: number;
  readonly method: string;
  readonly steps: readonly Step[];
}

/** The calls of a scene, in the order in which they began. */
export function callsOf(scene: readonly Step[]): readonly RecordedCall[] {
  return scene.flatMap((step) => (step.is === 'begun' ? [{ call: step.call, method: step.method, steps: scene.filter(({ call }) => call === step.call) }] : []));
}

/**
 * Starts it. The nth call of a method is the recorded nth, but channels are known by their tokens. Bindings and endpoints
 * can't be said again, since they answer a nonce: they are signed anew by the recorded key.
 */
export async function startPlayer({ installation, scenes }: Recording, sceneName: string, options: PlayOptions = {}): Promise<Player> {
  const { before = () => undefined, more = Buffer.alloc(0) } = options;
  const key = createPrivateKey({ key: Buffer.from(installation.tunnelKey, 'base64'), format: 'der', type: 'pkcs8' });
  const calls = callsOf(scenes[sceneName] ?? []);
  const taken = new Set<number>();
  const heard: HeardCall[] = [];
  const server = http2.createSecureServer({ key: key.export({ type: 'pkcs8', format: 'pem' }), cert: installation.tunnelCertificate, settings: { initialWindowSize: 4 * 1024 * 1024 } });
  server.on('session', (session) => session.on('error', () => undefined));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    // The agent has gone, or the test has failed already.
    play(stream, headers).catch(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
  });

  function find(method: string, token: string | undefined): RecordedCall | undefined {
    const fits = ({ call, steps, ...recorded }: RecordedCall): boolean =>
      recorded.method === method && !taken.has(call) && (token === undefined || steps.some((step) => step.is === 'said' && step.by === 'agent' && hash(step.bytes) === token));
    const found = calls.find(fits);
    if (found !== undefined) taken.add(found.call);
    return found;
  }

  async function play(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const method = headers[':path'] ?? '';
    const messages = createMessages(stream);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    let trailers: Record<string, string> = { 'grpc-status': '0' };
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    const isChannel = method.endsWith('/Channel');
    const first = isChannel ? hash((await messages.nth(1)).toString('base64')) : undefined;
    const recorded = find(method, first);
    if (recorded === undefined) return void stream.end();
    const notes = { call: recorded.call, method, said: [] as unknown[], data: Buffer.alloc(0) };
    heard.push(notes);
    const hear = (bytes: Buffer): void => {
      const says = meaningOf(method, 'agent', bytes);
      notes.said.push(says);
      if (isChannel) notes.data = Buffer.concat([notes.data, dataOf(says)]);
    };
    messages.all.forEach(hear);
    messages.onNext(hear);

    let agentSaid = 0;
    let dataBytes = 0;
    let last: Buffer | undefined;
    for (const step of recorded.steps) {
      await before(step);
      if (step.is === 'said' && step.by === 'agent') {
        const data = isChannel ? dataOf(meaningOf(method, 'agent', Buffer.from(step.bytes, 'base64'))) : Buffer.alloc(0);
        dataBytes += data.length;
        if (data.length > 0) await messages.until(() => notes.data.length >= dataBytes);
        else {
          agentSaid += 1;
          await messages.until(() => notes.said.filter((says) => dataOf(says).length === 0).length >= agentSaid);
        }
      } else if (step.is === 'said') {
        const bytes = Buffer.from(step.bytes, 'base64');
        last = bytes;
        if (method.endsWith('/GetBinding')) last = bound(await messages.nth(1), key, installation.tunnelCertificate);
        if (method.endsWith('/Poll')) last = addressed(bytes, await messages.nth(1), key);
        last = Buffer.concat([last, more]);
        stream.write(framed(last));
      } else if (step.is === 'half-closed') {
        // An agent that polls on is answered as it was last.
        if (method.endsWith('/Poll')) {
          messages.onNext(() => {
            if (last !== undefined) stream.write(framed(last));
          });
        }
        await messages.until(() => messages.ended);
      } else if (step.is === 'ended') {
        trailers = { 'grpc-status': String(step.status), ...(step.reason === undefined ? {} : { [REASON_TRAILER]: step.reason }) };
        stream.end();
      }
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, heard, close: () => server.close() };
}

function bound(request: Buffer, key: KeyObject, certificatePem: string): Buffer {
  const { nonce } = GetBindingRequest.decode(request);
  const spkiSha256 = certificateSpkiSha256(new X509Certificate(certificatePem));
  return Buffer.from(GetBindingResponse.encode(signBinding({ spkiSha256, expiresAtMs: Date.now() + 60_000, nonce }, key)).finish());
}

/** An answer whose endpoints are for this agent's call; the same bytes where it has none. */
function addressed(answer: Buffer, introduction: Buffer, key: KeyObject): Buffer {
  const response = PollResponse.decode(answer);
  if (response.endpoints === undefined) return answer;
  const nonce = PollRequest.decode(introduction).hello?.endpoints?.nonce ?? new Uint8Array();
  const endpoints = signEndpoints({ ...Endpoints.decode(response.endpoints.endpoints), nonce }, key, []);
  return Buffer.from(PollResponse.encode({ ...response, endpoints }).finish());
}

/** The bytes of a data message; none where it is another. */
function dataOf(says: unknown): Buffer {
  const { message } = says as { readonly message?: { readonly $case: string; readonly value: unknown } };
  return message?.$case === 'data' ? Buffer.from(String(message.value), 'base64') : Buffer.alloc(0);
}

function hash(base64: string): string {
  return createHash('sha256').update(base64).digest('hex');
}

/** What one end said in a scene on calls of a method. */
export function saidIn(scene: readonly Step[], method: RegExp, by: Speaker): readonly Buffer[] {
  const calls = new Set(callsOf(scene).flatMap((recorded) => (method.test(recorded.method) ? [recorded.call] : [])));
  return scene.flatMap((step) => (step.is === 'said' && step.by === by && calls.has(step.call) ? [Buffer.from(step.bytes, 'base64')] : []));
}
