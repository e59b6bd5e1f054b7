/** A live client that reads JSON messages from a WebSocket. */
import type { WebSocket } from 'ws';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { LiveTransport } from './live-hub.ts';

export function createWebSocketTransport(socket: WebSocket, { webSocketBytes }: Pick<GatewayLimits, 'webSocketBytes'>): LiveTransport {
  return {
    format: 'web-socket',
    isBusy: () => socket.bufferedAmount > webSocketBytes / 4,
    write: (encoded) => socket.send(encoded, { binary: false }, () => undefined),
    beat: (position) => socket.send(JSON.stringify({ type: 'beat', position: position ?? null }), () => undefined),
    cut: () => socket.terminate(),
  };
}
