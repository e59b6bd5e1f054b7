/** A tunnel port: the pinned identity, and a TunnelService that welcomes everyone. */
import * as grpc from '@grpc/grpc-js';
import { TunnelServiceService } from '../../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import type { OpenRequest, OpenResponse, TunnelHello, TunnelServiceServer } from '../../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import type { TunnelIdentity } from '../../../services/control-plane/tls/tunnel-identity.ts';
import { createArrivals } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';

export type OpenCall = grpc.ServerDuplexStream<OpenRequest, OpenResponse>;

export interface TunnelServer {
  readonly port: number;
  readonly opened: Arrivals<{ readonly hello: TunnelHello; readonly call: OpenCall }>;
  stop(): void;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startTunnelServer(identity: TunnelIdentity): Promise<TunnelServer> {
  const opened = createArrivals<{ hello: TunnelHello; call: OpenCall }>();
  const service: TunnelServiceServer = {
    open(call: OpenCall) {
      call.on('error', () => undefined);
      call.on('end', () => call.end());
      call.on('data', ({ message }: OpenRequest) => {
        if (message?.$case !== 'hello') return;
        call.write({ message: { $case: 'welcome', value: { inactivityMs: 300_000, maxChannels: 256 } } });
        opened.add({ hello: message.value, call });
      });
    },
    channel: (call) => call.end(),
  };
  const server = new grpc.Server();
  server.addService(TunnelServiceService, service);
  const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(identity.certificatePem), private_key: Buffer.from(identity.keyPem) }]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, actual) => (error === null ? resolve(actual) : reject(error))),
  );
  return { port, opened, stop: () => server.forceShutdown() };
}
