/** Idempotency-Key on creation: who repeats a request whose answer was lost gets that answer, and nothing is made twice. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../problems/gateway-error.ts';
import { identityOf } from './route-config.ts';

/** How long an answer is remembered, in this process. */
const REMEMBERED_MS = 3600_000;
/** Answers remembered at most; the oldest go first. */
const MOST = 10_000;
const KEY = /^[\x21-\x7e]{1,200}$/;
/** Of an answer, beside its body. */
const KEPT_HEADERS = ['location', 'etag', 'content-type', 'homeport-position'] as const;

interface Kept {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

interface Entry {
  /** Of method, path and body. */
  readonly fingerprint: string;
  readonly untilMs: number;
  /** Undefined where the first request failed: then nothing was made, and the next one is on its own. */
  readonly answer: Promise<Kept | undefined>;
  readonly settle: (answer: Kept | undefined) => void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It creates something, and takes an Idempotency-Key. */
    isCreation?: boolean;
  }
  interface FastifyRequest {
    /** What is remembered of this request once it is answered. */
    idempotency: Entry | null;
  }
}

/** Sets it up for the routes that say `isCreation`. */
export function useIdempotencyKeys(app: FastifyInstance, nowMs: () => number = Date.now): void {
  const entries = new Map<string, Entry>();
  app.decorateRequest('idempotency', null);

  function makeRoom(): void {
    for (const [name, { untilMs }] of entries) {
      if (entries.size < MOST && untilMs > nowMs()) return;
      entries.delete(name);
    }
  }

  async function replay(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const key = request.headers['idempotency-key'];
    if (request.routeOptions.config.isCreation !== true || key === undefined) return undefined;
    if (typeof key !== 'string' || !KEY.test(key)) throw new GatewayError('invalid-request', 'An Idempotency-Key is 1 to 200 visible ASCII characters, such as a UUID.', { faults: [{ parameter: 'Idempotency-Key', reason: 'is no key' }] });
    const { userId, apiKeyId } = identityOf(request).principal;
    // Not by the name: after somebody is removed another may have it.
    const name = `${userId} ${apiKeyId ?? ''} ${key}`;
    const fingerprint = createHash('sha256').update(`${request.method} ${request.url} ${JSON.stringify(request.body ?? null)}`).digest('base64');
    for (;;) {
      const known = entries.get(name);
      if (known === undefined || known.untilMs <= nowMs()) break;
      if (known.fingerprint !== fingerprint) throw new GatewayError('idempotency-key-reused', 'This Idempotency-Key came with another request before; make a new one for each.');
      const answer = await known.answer;
      if (answer !== undefined) return reply.code(answer.status).headers({ ...answer.headers, 'idempotent-replayed': 'true' }).serializer(String).send(answer.payload);
    }
    const { promise: answer, resolve } = Promise.withResolvers<Kept | undefined>();
    const entry: Entry = {
      fingerprint,
      untilMs: nowMs() + REMEMBERED_MS,
      answer,
      settle(kept) {
        if (kept === undefined && entries.get(name) === entry) entries.delete(name);
        resolve(kept);
      },
    };
    makeRoom();
    entries.delete(name);
    entries.set(name, entry);
    request.idempotency = entry;
    return undefined;
  }

  app.addHook('preHandler', replay);
  app.addHook('onSend', (request, reply, payload, done) => {
    const isMade = reply.statusCode >= 200 && reply.statusCode < 300 && typeof payload === 'string';
    const headers = Object.fromEntries(KEPT_HEADERS.flatMap((header) => (reply.hasHeader(header) ? [[header, String(reply.getHeader(header))]] : [])));
    request.idempotency?.settle(isMade ? { status: reply.statusCode, headers, payload } : undefined);
    done(null, payload);
  });
}
