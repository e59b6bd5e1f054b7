/** The addresses by which other machines may reach the API's port, as far as this machine can know them. */
import { X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { formatHostPort, isLoopbackHost } from '../../proto/host-port.ts';
import type { MachineAddress } from '../../web-gateway/gateway-dependencies.ts';
import { certificateNames } from './tls/certificate-names.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** So many are offered at most: a self-signed certificate may name a thousand hosts. */
const MOST = 50;

/**
 * The names in the certificate, this machine's host name and its interfaces' addresses, each once and none of them loopback. Bound to one
 * address it is that one, and nothing where that is loopback.
 * @param host what the port is bound to
 */
export function machineAddresses(options: { readonly host: string; readonly port: number; readonly certificatePem: string; readonly interfaces?: Interfaces }): readonly MachineAddress[] {
  const { host, port, certificatePem, interfaces = networkInterfaces() } = options;
  if (isLoopbackHost(host)) return [];
  const offered = new Map<string, MachineAddress>();
  const offer = (source: MachineAddress['source'], names: readonly string[], device: string | null = null): void => {
    for (const name of certificateNames(names)) {
      const address = formatHostPort({ host: name, port });
      if (!isLoopbackHost(name) && !offered.has(address) && offered.size < MOST) offered.set(address, { address, source, interface: device });
    }
  };
  const isBoundToAll = isIP(host) !== 0 && /^[0:.]+$/.test(host);
  if (isBoundToAll) offer('host-name', [hostname()]);
  else offer('interface', [host]);
  for (const [device, entries = []] of isBoundToAll ? Object.entries(interfaces) : []) {
    // 0.0.0.0 takes no IPv6; what is link-local means another machine on each link.
    const usable = entries.filter(({ family, internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address) && (family === 'IPv4' || host !== '0.0.0.0'));
    offer('interface', usable.map(({ address }) => address), device);
  }
  offer('certificate', dnsNames(certificatePem));
  return [...offered.values()];
}

/** Those without a wildcard: what stands for many is no address. */
function dnsNames(certificatePem: string): readonly string[] {
  const { subjectAltName = '' } = new X509Certificate(certificatePem);
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,*"]+)(?=,|$)/g)].map(([, name = '']) => name);
}
