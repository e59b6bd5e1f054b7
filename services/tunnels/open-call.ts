/** The Open call as the control plane answers it: hello, the gate's decision, then the tunnel's conversation. */
import { Metadata, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { OpenRequest, TunnelHello } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { REASON_TRAILER } from '../../proto/reason-trailer.ts';
import { CredentialsRefused, type OpenedTunnel, type TunnelGate } from '../application/ports/tunnel-gate.ts';
import type { RawCall, RawCallEvents } from './grpc-server.ts';
import type { LiveTunnel } from './live-tunnel.ts';

/** More than any secret in tunnel credentials has. */
const MOST_SECRET_BYTES = 64;

export interface OpenCallDeps {
  readonly gate: Pick<TunnelGate, 'open' | 'refuseMalformed' | 'lost'>;
  readonly logger: Logger;
  /** The peer's IP address. */
  readonly address: string;
  /** The credentials were good: makes the tunnel live. */
  readonly admit: (opened: OpenedTunnel) => LiveTunnel;
}

export function serveOpen(raw: RawCall, deps: OpenCallDeps): RawCallEvents<OpenRequest> {
  const { call } = raw;
  let tunnel: LiveTunnel | undefined;
  let isHelloTaken = false;
  let isOver = false;

  function refuse(code: status, reason: string, details: string): void {
    const metadata = new Metadata();
    metadata.set(REASON_TRAILER, reason);
    call.sendStatus({ code, details, metadata });
  }

  async function open(hello: TunnelHello): Promise<void> {
    const { environmentId, credentialsId, secret, instanceId } = hello;
    // It is recorded and looked up as it is: nobody is known yet to have written it.
    if (!isWellFormed(hello)) {
      const { reason, message } = deps.gate.refuseMalformed(deps.address);
      refuse(status.INVALID_ARGUMENT, reason, message);
      return;
    }
    let opened: OpenedTunnel;
    try {
      opened = await deps.gate.open({ environmentId, credentialsId, secret, instanceId, address: deps.address });
    } catch (error) {
      if (error instanceof CredentialsRefused) {
        const code = error.reason === 'event-store-unavailable' ? status.UNAVAILABLE : status.UNAUTHENTICATED;
        refuse(code, error.reason, error.message);
      } else {
        deps.logger.error({ err: error }, 'could not decide on tunnel credentials');
        refuse(status.INTERNAL, 'internal', 'The control plane could not decide on the credentials.');
      }
      return;
    }
    if (isOver) {
      await deps.gate.lost(opened, 'connection-lost');
      return;
    }
    tunnel = deps.admit(opened);
    call.startRead();
  }

  return {
    started: () => call.startRead(),
    message(request) {
      if (tunnel !== undefined) {
        tunnel.received(request);
        call.startRead();
      } else if (request.message?.$case === 'hello' && !isHelloTaken) {
        isHelloTaken = true;
        void open(request.message.value);
      } else {
        refuse(status.FAILED_PRECONDITION, 'hello-expected', 'The first message of Open must be a hello.');
      }
    },
    halfClosed() {
      if (tunnel !== undefined) tunnel.callEnded();
      else if (!isHelloTaken) refuse(status.FAILED_PRECONDITION, 'hello-expected', 'Open ended without a hello.');
    },
    closed() {
      isOver = true;
      tunnel?.callEnded();
    },
  };
}

function isWellFormed({ environmentId, credentialsId, secret, instanceId }: TunnelHello): boolean {
  return [environmentId, credentialsId, instanceId].every((id) => /^[\w-]{1,64}$/.test(id)) && secret.length <= MOST_SECRET_BYTES;
}
