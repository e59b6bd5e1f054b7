/** Docker clients that are no command line: dockerode, and bare bytes over TLS where a client is too well-behaved. */
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import Docker from 'dockerode';

/** Of the connection preface of HTTP/2 (RFC 9113 §3.4). */
const PREFACE_BYTES = 24;

export interface Endpoint {
  readonly port: number;
  readonly ca: string;
  readonly apiKey: string;
  /** The path of the environment's Docker API. */
  readonly path: string;
}

export function dockerodeAt({ port, ca, apiKey, path }: Endpoint): Docker {
  // It knows no path before the API's version, and takes both for the version.
  return new Docker({ protocol: 'https', host: 'localhost', port, ca, version: `${path.slice(1)}/v1.41`, headers: { authorization: `Bearer ${apiKey}` } });
}

/** Runs a command in a container of its own, attached from before its start: dockerode says the attach's options in a body, too, which is no input. */
export async function runByDockerode(docker: Docker, image: string, { command, input }: { readonly command: string[]; readonly input: string }): Promise<{ readonly stdout: string; readonly code: number }> {
  const attach = { AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true };
  const container = await docker.createContainer({ Image: image, Cmd: command, ...attach, HostConfig: { NetworkMode: 'none' } });
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const stdout = new PassThrough();
  docker.modem.demuxStream(stream, stdout, stdout);
  stream.once('end', () => stdout.end());
  await container.start();
  stream.end(input);
  const [out, { StatusCode }] = await Promise.all([text(stdout), container.wait() as Promise<{ StatusCode: number }>]);
  await container.remove();
  return { stdout: out, code: StatusCode };
}

/** Runs a command in a container through a stream in both directions, and resolves with what it printed where. */
export async function execByDockerode(docker: Docker, container: string, { command, input }: { readonly command: string[]; readonly input: string }): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number | null }> {
  const exec = await docker.getContainer(container).exec({ Cmd: command, AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  stream.once('end', () => {
    stdout.end();
    stderr.end();
  });
  stream.end(input);
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  return { stdout: out, stderr: err, code: (await exec.inspect()).ExitCode };
}

/** Asks for an upgrade to h2c and resolves with the connection, once the engine has agreed. Throws with its answer where it has not. */
export async function upgradeToH2c({ port, ca, apiKey, path }: Endpoint, route: string, fields: readonly string[] = []): Promise<Socket> {
  const socket = connect({ host: 'localhost', port, ca, ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write([`POST ${path}${route} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${apiKey}`, 'Connection: Upgrade', 'Upgrade: h2c', ...fields, '', ''].join('\r\n'));
  let head = '';
  while (!head.includes('\r\n\r\n')) {
    await once(socket, 'readable');
    head += (socket.read() as Buffer | null)?.toString('latin1') ?? '';
  }
  const end = head.indexOf('\r\n\r\n') + 4;
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${head}`);
  if (head.length > end) socket.unshift(Buffer.from(head.slice(end), 'latin1'));
  return socket;
}

/** One call of gRPC over such a connection, without a message's worth of fields: resolves with the bytes of the answer and the status in its trailers. */
export async function callByH2c(socket: Duplex, method: string): Promise<{ readonly bytes: number; readonly status: unknown }> {
  const session = connectHttp2('http://docker', { createConnection: () => socket });
  try {
    const call = session.request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' });
    let status: unknown;
    call.once('trailers', (trailers: IncomingHttpHeaders) => (status = trailers['grpc-status']));
    call.end(Buffer.alloc(5));
    let bytes = 0;
    for await (const chunk of call as AsyncIterable<Buffer>) bytes += chunk.length;
    return { bytes, status };
  } finally {
    session.close();
  }
}

/** What the engine says first on a BuildKit session, where it is the client of HTTP/2. */
export async function readPreface(socket: Socket): Promise<string> {
  let said = '';
  while (said.length < PREFACE_BYTES) {
    if (!socket.readable) throw new Error(`the engine said no more than ${said}`);
    await once(socket, 'readable');
    said += (socket.read() as Buffer | null)?.toString('latin1') ?? '';
  }
  return said.slice(0, PREFACE_BYTES);
}
