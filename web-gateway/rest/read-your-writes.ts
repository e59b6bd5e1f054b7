/** Read your writes: an answer to a change waits until the read models show it, and says so where it can't. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Projections } from '../../projections/port.ts';
import { GatewayError } from '../problems/gateway-error.ts';

const WAIT_MS = 1_000;
/** Where an answer could not wait any longer: the position to ask for with Homeport-After. */
const POSITION_HEADER = 'homeport-position';
const AFTER_HEADER = 'homeport-after';

/** Waits at most a second. @param position undefined where nothing was written. */
export async function settle(projections: Pick<Projections, 'whenApplied'>, position: string | undefined, reply: FastifyReply): Promise<void> {
  if (position === undefined || (await projections.whenApplied(position, WAIT_MS))) return;
  reply.header(POSITION_HEADER, position);
}

/** A hook: reads that bear Homeport-After wait until the read models have come as far. */
export function awaitAskedPosition(projections: Pick<Projections, 'whenApplied'>): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const position = request.headers[AFTER_HEADER];
    if (position === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return;
    if (typeof position !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(position)) throw new GatewayError('invalid-position', 'Homeport-After takes a position that Homeport-Position gave.');
    if (!(await projections.whenApplied(position, WAIT_MS))) throw new GatewayError('not-yet-applied', `The read models have not come to ${position} yet.`);
  };
}
