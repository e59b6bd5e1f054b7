/** Addresses that are offered to whoever creates an environment. */
import { hostname } from 'node:os';
import { expect } from 'chai';
import { machineAddresses } from '../../services/control-plane/machine-addresses.ts';
import { makeServerCertificate } from '../support/certificates.ts';

const entry = (address: string, internal = false): { address: string; netmask: string; mac: string; cidr: null; internal: boolean; family: 'IPv4' | 'IPv6'; scopeid: number } => ({
  address,
  netmask: '',
  mac: '',
  cidr: null,
  internal,
  family: address.includes(':') ? 'IPv6' : 'IPv4',
  scopeid: 0,
});
const interfaces = {
  lo: [entry('127.0.0.1', true), entry('::1', true)],
  eth0: [entry('192.0.2.7'), entry('2001:db8::7'), entry('fe80::7')],
  wlan0: [entry('169.254.3.4')],
};

describe('the machine’s addresses', () => {
  let certificatePem: string;
  const offered = (host: string): readonly string[] => machineAddresses({ host, port: 9443, certificatePem, interfaces }).map(({ address, source }) => `${source} ${address}`);

  before(async () => {
    certificatePem = (await makeServerCertificate(['localhost', '127.0.0.1', 'homeport.example', '*.wild.example'])).cert;
  });

  it('are its name, its interfaces’ that other machines can call, and names in the certificate', () => {
    expect(offered('::')).to.deep.equal([`host-name ${hostname().toLowerCase()}:9443`, 'interface 192.0.2.7:9443', 'interface [2001:db8::7]:9443', 'certificate homeport.example:9443']);
    expect(machineAddresses({ host: '::', port: 9443, certificatePem, interfaces })[1]).to.deep.equal({ address: '192.0.2.7:9443', source: 'interface', interface: 'eth0' });
  });

  it('leave out what the port is not bound to', () => {
    expect(offered('0.0.0.0').filter((one) => one.includes('['))).to.deep.equal([]);
    expect(offered('192.0.2.7')).to.deep.equal(['interface 192.0.2.7:9443', 'certificate homeport.example:9443']);
    expect(offered('127.0.0.1')).to.deep.equal([]);
  });
});
