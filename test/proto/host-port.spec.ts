/** Addresses of host and port. */
import { expect } from 'chai';
import { formatHostPort, isLoopbackHost, parseHostPort } from '../../proto/host-port.ts';

describe('host:port', () => {
  it('is read and written alike for names, IPv4 and IPv6', () => {
    for (const text of ['homeport.example:9443', 'host_1:1', '192.0.2.1:65535', '[2001:db8::1]:8000']) {
      const address = parseHostPort(text);
      expect(address, text).to.not.equal(undefined);
      if (address !== undefined) expect(formatHostPort(address)).to.equal(text);
    }
    expect(parseHostPort('[::1]:8000')).to.deep.equal({ host: '::1', port: 8000 });
  });

  it('is refused without a port, with one out of range, or with what is no host', () => {
    for (const text of ['', 'host', 'host:', ':80', 'host:0', 'host:65536', 'host:8o', '::1:80', '[::1]', '[host]:80', 'a/b:80', 'a b:80', '-a:80']) {
      expect(parseHostPort(text), text).to.equal(undefined);
    }
  });

  it('is of the machine itself by any of the names and forms of loopback, and by nothing that only looks like one', () => {
    for (const host of ['localhost', 'LocalHost', 'me.localhost', '127.0.0.1', '127.255.0.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1']) expect(isLoopbackHost(host), host).to.equal(true);
    for (const host of ['', 'localhost.example', 'notlocalhost', '127.example.com', '127.0.0.1.example', '128.0.0.1', '0.0.0.0', '::', '::2', '::7f00:1', '::ffff:10.0.0.1']) expect(isLoopbackHost(host), host).to.equal(false);
  });
});
