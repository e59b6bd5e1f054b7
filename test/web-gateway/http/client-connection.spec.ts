/** What a client's connection leaves behind. */
import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { defaultGatewayLimits } from '../../../web-gateway/gateway-limits.ts';
import { ClientConnection } from '../../../web-gateway/http/client-connection.ts';
import { heldMemory } from '../../support/held-memory.ts';

describe('a client’s connection', () => {
  it('is forgotten at once where it breaks in the midst of an answer, not once its next request would have been due', async () => {
    const ended = await brokenOff();
    // Whoever looked at it in this turn still has it.
    await new Promise(setImmediate);
    heldMemory();
    expect(ended.deref()).to.equal(undefined);
  });
});

/** A connection whose response closes after it, as Node's do. */
async function brokenOff(): Promise<WeakRef<Duplex>> {
  const socket = new Duplex({ read: () => undefined });
  const response = new EventEmitter() as unknown as ServerResponse;
  void new ClientConnection(socket, defaultGatewayLimits, {}).begin(response);
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  response.emit('close');
  return new WeakRef(socket);
}
