/** Addresses of host and port. */
import { expect } from 'chai';
import { formatHostPort, parseHostPort } from '../../proto/host-port.ts';

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
});
