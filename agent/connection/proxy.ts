/** The HTTP proxy that the agent's connections go through, where there is one. */
import type { ChannelOptions } from '@grpc/grpc-js';
import { formatHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { isProxyBypassed } from './no-proxy.ts';

/** A proxy that is asked with CONNECT. */
export interface Proxy {
  readonly address: HostPort;
  /** `user:password`; undefined where it asks for none. Secret. */
  readonly userInfo: string | undefined;
}

/** Which proxy an address is reached through; undefined where none. */
export type ProxyChoice = (target: HostPort) => Proxy | undefined;

/**
 * Reads HTTPS_PROXY and NO_PROXY. A proxy is `http://[user:password@]host[:port]`, the scheme may be left out, the port is 80
 * by default. Returns undefined for a proxy that can't be read or speaks something else (https, socks).
 */
export function chooseProxy(httpsProxy: string | undefined, noProxy: string): ProxyChoice | undefined {
  if (httpsProxy === undefined || httpsProxy.trim() === '') return () => undefined;
  const text = httpsProxy.trim();
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url?.protocol !== 'http:' || url.hostname === '') return undefined;
  const userInfo = url.username === '' ? undefined : `${decoded(url.username)}:${decoded(url.password)}`;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const proxy: Proxy = { address: { host, port: url.port === '' ? 80 : Number(url.port) }, userInfo };
  return (target) => (isProxyBypassed(noProxy, target) ? undefined : proxy);
}

/** A percent sign that begins no encoding stands for itself: passwords come as people have them. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where gRPC connects (host:port), and with which options, to reach a target through its proxy or directly. The environment plays no part. */
export function grpcRoute(target: HostPort, proxy: Proxy | undefined): { readonly address: string; readonly channelOptions: ChannelOptions } {
  // grpc-js would read lower-case variables by itself; ours are already read.
  const direct: ChannelOptions = { 'grpc.enable_http_proxy': 0 };
  const name = formatHostPort(target);
  if (proxy === undefined) return { address: name, channelOptions: direct };
  return {
    address: formatHostPort(proxy.address),
    channelOptions: {
      ...direct,
      'grpc.default_authority': name,
      'grpc.http_connect_target': `dns:${name}`,
      ...(proxy.userInfo === undefined ? {} : { 'grpc.http_connect_creds': proxy.userInfo }),
    },
  };
}
