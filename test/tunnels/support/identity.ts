/** A tunnel identity made on the spot, and credentials that trust it alone. */
import { generateKeyPairSync } from 'node:crypto';
import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { makeTunnelCertificate } from '../../../services/control-plane/tls/make-certificate.ts';

export interface TestIdentity {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
}

export const TUNNEL_NAME = 'tunnel.homeport.internal';

export async function createTestIdentity(): Promise<TestIdentity> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = await makeTunnelCertificate(privateKey);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert,
    credentials: credentials.createSsl(Buffer.from(cert)),
    channelOptions: { 'grpc.ssl_target_name_override': TUNNEL_NAME },
  };
}
