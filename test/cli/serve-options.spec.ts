/** What `homeport serve` refuses of its flags before it starts anything, and what it makes of the others. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { CliError } from '../../services/cli/cli-error.ts';
import { type ServeFlags, serveOptions } from '../../services/cli/commands/serve-options.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

const least: ServeFlags = { dataDir: './data', host: '0.0.0.0', httpsPort: 9443, tunnelPort: 8000, logLevel: 'info' };

describe('the flags of homeport serve', () => {
  let folder: TemporaryFolder;

  before(() => {
    folder = createTemporaryFolder();
  });
  after(() => folder.remove());

  function secretFile(name: string, text: string): string {
    const file = path.join(folder.path, name);
    writeFileSync(file, `${text}\n`);
    return file;
  }

  it('leave what is not given to the defaults', () => {
    expect(serveOptions(least, {})).to.deep.equal({ dataDir: './data', host: '0.0.0.0', httpsPort: 9443, tunnelPort: 8000 });
  });

  it('take secrets from files, and the first admin’s password from the environment', () => {
    const files = { eventStoreFile: secretFile('store', 'esdb://u:p@store:2113'), natsFile: secretFile('nats', 'nats://u:p@queue'), natsCa: 'ca.pem', auditPort: 0 };
    const { eventStore, nats, adminPassword, auditPort } = serveOptions({ ...least, ...files }, { HOMEPORT_ADMIN_PASSWORD: 'of the environment' });
    expect({ eventStore, nats, adminPassword, auditPort }).to.deep.equal({
      eventStore: 'esdb://u:p@store:2113',
      nats: { url: 'nats://u:p@queue', caFile: 'ca.pem' },
      adminPassword: 'of the environment',
      auditPort: 0,
    });
    const file = secretFile('admin', 'of the file');
    expect(serveOptions({ ...least, adminPasswordFile: file }, { HOMEPORT_ADMIN_PASSWORD: 'of the environment' }).adminPassword).to.equal('of the file');
  });

  it('take an OpenID provider, with which group gives which role', () => {
    const flags = { oidcIssuer: 'https://id.example/realms/main', oidcClientId: 'homeport', oidcRoleMap: ['a=admin', 'cn=ops=operator'], oidcClientSecretFile: secretFile('oidc', 'shh') };
    expect(serveOptions({ ...least, ...flags }, {}).openIdConnect).to.deep.equal({
      issuer: 'https://id.example/realms/main',
      clientId: 'homeport',
      clientSecret: 'shh',
      roles: new Map([['a', 'admin'], ['cn=ops', 'operator']]),
    });
    const { oidcClientSecretFile: _file, ...others } = flags;
    expect(serveOptions({ ...least, ...others }, { HOMEPORT_OIDC_CLIENT_SECRET: 'of the environment' }).openIdConnect).to.include({ clientSecret: 'of the environment' });
  });

  const provider = { oidcIssuer: 'https://id.example', oidcClientId: 'homeport', oidcRoleMap: ['a=admin'] };
  const refused: readonly (readonly [what: string, flags: Partial<ServeFlags>, message: RegExp])[] = [
    ['an event store named twice', { eventStore: 'sqlite', eventStoreFile: 'store' }, /^--event-store and --event-store-file name the same: give one/],
    ['a NATS server named twice', { nats: 'nats://queue', natsFile: 'nats' }, /^--nats and --nats-file name the same: give one/],
    ['an account for NATS without its server', { natsCreds: 'account.creds' }, /--nats: name the server/],
    ['a certificate without its key', { tlsCert: 'cert.pem' }, /--tls-cert and --tls-key go together/],
    ['an address without a port', { tunnelAddress: 'homeport.example.com' }, /^--tunnel-address is homeport\.example\.com: give HOST:PORT/],
    ['a provider that is spoken to in the clear', { ...provider, oidcIssuer: 'http://id.example' }, /^--oidc-issuer is http:\/\/id\.example: give an https URL$/],
    ['a provider without what this server is there', { oidcIssuer: provider.oidcIssuer, oidcRoleMap: ['a=admin'] }, /needs --oidc-client-id/],
    ['a provider whose groups give nothing', { oidcIssuer: provider.oidcIssuer, oidcClientId: 'homeport' }, /needs --oidc-role-map/],
    ['a role that there is not', { ...provider, oidcRoleMap: ['a=boss'] }, /^--oidc-role-map is a=boss: give GROUP=ROLE/],
    ['scopes without openid', { ...provider, oidcScope: 'profile email' }, /openid must be among them/],
    ['what is said of no provider', { oidcClientId: 'homeport' }, /need --oidc-issuer: name the provider/],
    ['an authority that can not be read', { ...provider, oidcCaFile: '/nowhere/ca.pem' }, /^--oidc-ca-file is \/nowhere\/ca\.pem/],
    ['a part that can not be run apart from the rest', { roles: ['polls'], auditPort: 0 }, /^--roles is polls: give all, or store alone$/],
  ];
  for (const [what, flags, message] of refused) {
    it(`are refused as misuse: ${what}`, () => {
      expect(() => serveOptions({ ...least, ...flags }, {}))
        .to.throw(CliError, message)
        .with.property('exitCode', 2);
    });
  }
});
