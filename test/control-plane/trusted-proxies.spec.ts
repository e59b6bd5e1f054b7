/** Whose word on a client's address is believed, and what a PROXY header may be. */
import { once } from 'node:events';
import * as net from 'node:net';
import { expect } from 'chai';
import { whenClientKnown } from '../../services/control-plane/client-address.ts';
import { StartError } from '../../services/control-plane/start-error.ts';
import { parseProxyHeader } from '../../services/control-plane/proxy-header.ts';
import { parseTrustedProxies } from '../../services/control-plane/trusted-proxies.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function header(command: number, family: number, fields: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(fields.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, fields]);
}

const overIpv4 = header(0x21, 0x11, Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x24, 0xe3]));
const overIpv6 = header(0x21, 0x21, Buffer.concat([Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(20)]));

describe('--trusted-proxy', () => {
  it('is a network or an address, of either family', () => {
    const isTrusted = parseTrustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8::7']) expect(isTrusted(address), address).to.equal(true);
    for (const address of ['11.0.0.1', '192.0.2.2', '2001:db9::7', '', 'unknown']) expect(isTrusted(address), address).to.equal(false);
  });

  it('trusts nobody where none is given, and is refused in words where it is neither', () => {
    expect(parseTrustedProxies([])('127.0.0.1')).to.equal(false);
    for (const network of ['10.0.0.0/33', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/', '/8', '']) {
      expect(() => parseTrustedProxies([network]), network).to.throw(StartError, /such as 10\.0\.0\.0\/8/);
    }
  });
});

describe('PROXY header', () => {
  it('names the client, whatever more fields follow', () => {
    expect(parseProxyHeader(Buffer.concat([overIpv4, Buffer.from('rest')]))).to.deep.equal({ kind: 'whole', bytes: 28, address: '192.0.2.7' });
    expect(parseProxyHeader(overIpv6)).to.deep.equal({ kind: 'whole', bytes: 52, address: '2001:db8::1' });
    const longer = header(0x21, 0x11, Buffer.concat([overIpv4.subarray(16), Buffer.from([4, 0, 1, 0])]));
    expect(parseProxyHeader(longer)).to.deep.equal({ kind: 'whole', bytes: 32, address: '192.0.2.7' });
    expect(parseProxyHeader(header(0x20, 0, Buffer.alloc(0)))).to.deep.equal({ kind: 'whole', bytes: 16, address: undefined });
  });

  it('is waited for byte by byte, and told from TLS by its first', () => {
    for (let bytes = 0; bytes < overIpv4.length; bytes++) expect(parseProxyHeader(overIpv4.subarray(0, bytes)).kind).to.equal('incomplete');
    expect(parseProxyHeader(Buffer.from([0x16, 3, 1])).kind).to.equal('absent');
    expect(parseProxyHeader(Buffer.from('PROXY TCP4 192.0.2.7')).kind).to.equal('absent');
  });

  it('is refused where it is broken', () => {
    const cut = header(0x21, 0x11, Buffer.alloc(11));
    for (const broken of [cut, header(0x31, 0x11, Buffer.alloc(12)), header(0x21, 0x12, Buffer.alloc(12)), header(0x21, 0, Buffer.alloc(0)), header(0x21, 0x11, Buffer.alloc(4096))]) {
      expect(parseProxyHeader(broken).kind).to.equal('malformed');
    }
  });
});

describe('a connection of a trusted proxy', () => {
  /** What the server makes of the pieces a client sends: the address and all that follows. */
  async function received(trusted: readonly string[], pieces: readonly Buffer[]): Promise<string> {
    const isTrusted = parseTrustedProxies(trusted);
    const { promise, resolve } = Promise.withResolvers<string>();
    const server = net.createServer((socket) => {
      socket.once('close', () => resolve('destroyed'));
      whenClientKnown(socket, isTrusted, (address) => {
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('end', () => resolve(`${address}: ${text}`));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').setNoDelay(true);
    client.on('error', () => undefined).resume();
    for (const piece of pieces) await new Promise((sent) => client.write(piece, sent));
    client.end();
    const result = await promise;
    client.destroy();
    server.close();
    await once(server, 'close');
    return result;
  }

  it('is its client\'s, header and bytes in one piece or in many', async () => {
    expect(await received(['127.0.0.0/8'], [Buffer.concat([overIpv4, Buffer.from('hello')])])).to.equal('192.0.2.7: hello');
    const bytes = [...overIpv4].map((byte) => Buffer.from([byte]));
    expect(await received(['127.0.0.0/8'], [...bytes, Buffer.from('hel'), Buffer.from('lo')])).to.equal('192.0.2.7: hello');
  });

  it('is its own without a header, and gone with a broken one', async () => {
    expect(await received(['127.0.0.1'], [Buffer.from('hello')])).to.equal('127.0.0.1: hello');
    expect(await received(['127.0.0.1'], [header(0x21, 0x11, Buffer.alloc(3))])).to.equal('destroyed');
    expect(await received(['127.0.0.1'], [overIpv4.subarray(0, 20)])).to.equal('destroyed');
  });

  it('is believed by nobody\'s header else', async () => {
    expect(await received(['10.0.0.0/8'], [overIpv4])).to.equal(`127.0.0.1: ${overIpv4.toString('latin1')}`);
  });
});
