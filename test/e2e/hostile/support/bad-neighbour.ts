/** A bad neighbour: from the same address as all others it keeps both ports as full as it can, and guesses without end. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PollRequest } from '../../../../proto/generated/homeport/poll/v1/poll.ts';
import { OpenRequest } from '../../../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { callHead, FLAG, FRAME, frame, grpcMessage, PREFACE, settings } from '../../../support/http2-frames.ts';
import { connectRaw, connectTls, type HostileConnection } from './hostile-connection.ts';

export interface BadNeighbour {
  /** Its connections that the server ended. */
  turnedAway(): number;
  /** Calls with wrong credentials or introductions that were brought to their end. */
  guesses(): number;
  stop(): Promise<void>;
}

/** A crowd that is always there: who is sent away is replaced, so many at a time, every `EVERY_MS`. */
interface Crowd {
  readonly size: number;
  readonly replacedAtOnce: number;
  readonly connect: () => Promise<HostileConnection>;
}

const EVERY_MS = 50;
/** Guesses that go on at once, for each kind. */
const GUESSERS = 4;

/** Begins; resolves once all its crowds are as large as they mean to be. `environmentIds` are those it claims to be agents of. */
export async function startBadNeighbour(ports: { readonly https: number; readonly tunnel: number }, environmentIds: readonly string[]): Promise<BadNeighbour> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const there = new Set<HostileConnection>();
  let turnedAway = 0;
  let guesses = 0;

  const halfWay = async (port: number): Promise<HostileConnection> => {
    const connection = await connectRaw(port);
    await connection.send(Buffer.from([0x16, 3, 1, 0, 200, 1]));
    return connection;
  };
  const crowds: readonly Crowd[] = [ports.https, ports.tunnel].flatMap((port) => [
    { size: 4500, replacedAtOnce: 20, connect: () => connectRaw(port) },
    { size: 500, replacedAtOnce: 5, connect: () => halfWay(port) },
    { size: port === ports.tunnel ? 1100 : 300, replacedAtOnce: 5, connect: () => connectTls(port, ['h2']) },
  ]);

  async function keep({ size, replacedAtOnce, connect }: Crowd, isFull: () => void): Promise<void> {
    let mine: HostileConnection[] = [];
    const come = async (count: number): Promise<void> => {
      const some = await Promise.all(Array.from({ length: count }, connect));
      for (const one of some) there.add(one);
      mine.push(...some);
    };
    for (let wanted = size; wanted > 0 && !signal.aborted; wanted -= 100) await come(Math.min(100, wanted));
    isFull();
    while (!signal.aborted) {
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
      const gone = mine.filter(({ isOver }) => isOver);
      for (const one of gone) there.delete(one);
      turnedAway += gone.length;
      mine = mine.filter(({ isOver }) => !isOver);
      await come(Math.min(replacedAtOnce, size - mine.length));
    }
  }

  async function guess(port: number, path: string, message: () => Uint8Array): Promise<void> {
    while (!signal.aborted) {
      const connection = await connectTls(port, ['h2']);
      await connection.send(Buffer.concat([PREFACE, settings(), callHead(1, path), frame(FRAME.data, FLAG.endStream, 1, grpcMessage(message()))]));
      await connection.linger(50);
      connection.destroy();
      guesses += 1;
    }
  }

  let guessed = 0;
  const nextEnvironmentId = (): string => environmentIds[(guessed += 1) % environmentIds.length] ?? '';
  const wrongCredentials = (): Uint8Array =>
    OpenRequest.encode({ message: { $case: 'hello', value: { environmentId: nextEnvironmentId(), credentialsId: randomUUID(), secret: randomBytes(32), instanceId: randomUUID() } } }).finish();
  const wrongIntroduction = (): Uint8Array => {
    const identity = { environmentId: nextEnvironmentId(), joinSecret: randomBytes(32), edgeId: randomUUID(), instanceId: randomUUID() };
    const hello = { ...identity, protocolVersion: 1, version: '0.1.0', node: 'neighbour', platform: 'linux/amd64', engine: undefined, swarm: undefined, endpoints: undefined };
    return PollRequest.encode({ hello, sequence: 1, confirmedSequence: 0, heldCredentialsIds: [], tunnelFailure: undefined }).finish();
  };

  const full = crowds.map(() => Promise.withResolvers<undefined>());
  const work = [
    ...crowds.map((crowd, at) => keep(crowd, () => full[at]?.resolve(undefined))),
    ...Array.from({ length: GUESSERS }, () => guess(ports.tunnel, '/homeport.tunnel.v1.TunnelService/Open', wrongCredentials)),
    ...Array.from({ length: GUESSERS }, () => guess(ports.https, '/homeport.poll.v1.PollService/Poll', wrongIntroduction)),
  ];
  await Promise.all(full.map(({ promise }) => promise));
  return {
    turnedAway: () => turnedAway,
    guesses: () => guesses,
    async stop() {
      stopping.abort();
      await Promise.all(work);
      for (const one of there) one.destroy();
    },
  };
}
