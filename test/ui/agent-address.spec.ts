/** The web UI looks at an address as it is typed by the same rules as the server, which has the last word. */
import { expect } from 'chai';
import { checkAddress } from '../../services/application/environment-input.ts';
import { ApplicationError } from '../../services/application/ports/application-error.ts';
import { judgeAddress, type AddressJudgement } from '../../web-gateway/ui/src/new-environment/agent-address.ts';

const ADDRESSES = [
  'homeport.example.com:9443', ' Homeport.Example.com:443 ', 'h:1', '10.0.0.7:65535', '[2001:db8::7]:9443', '[::ffff:10.0.0.7]:9443',
  'localhost:9443', 'LOCALHOST:1', 'me.localhost:9443', '127.0.0.1:9443', '127.8.9.10:9443', '0.0.0.0:9443', '[::1]:9443', '[::]:9443', '[::ffff:127.0.0.1]:9443',
  '127.example.com:9443', '127.0.0.1.example.com:9443', '[0:0:0:0:0:0:0:1]:9443', '[::ffff:7f00:1]:9443', '[::ffff:0.0.0.0]:9443', '[0::0]:9443', '[::ffff:7:1]:9443', '[::7f00:1]:9443', '[::2]:9443',
  '', 'homeport.example.com', 'homeport.example.com:', ':9443', 'h:0', 'h:65536', 'h:123456', '2001:db8::7:9443', '[2001:db8::7]', '[2001:db8::7', '[10.0.0.7]:9443', '[1:2]:9443',
  '10.0.0:9443', '10.0.0.256:9443', '1.2.3.4.5:9443', '-h:9443', 'h-:9443', 'a..b:9443', 'under_score:9443', 'https://h:9443', 'h:9443/', `${'a'.repeat(64)}:9443`,
];

function serverSays(address: string): AddressJudgement {
  try {
    checkAddress(address, { pointer: '/address', allowLoopback: false });
    return 'good';
  } catch (error) {
    if (!(error instanceof ApplicationError)) throw error;
    return error.code === 'loopback-address' ? 'loopback' : 'malformed';
  }
}

describe('an address that is typed in the web UI', () => {
  it('is judged as the server judges it', () => {
    expect(ADDRESSES.map((address) => [address, judgeAddress(address)])).to.deep.equal(ADDRESSES.map((address) => [address, serverSays(address)]));
  });
});
