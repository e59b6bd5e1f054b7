/** Who comes in at the audit port: what is read there is all or nothing, so that grants must reach everything. */
import { expect } from 'chai';
import { pino } from 'pino';
import { createKeyAccounts, type AuditAccounts } from '../../services/control-plane/audit-accounts.ts';
import type { Grant } from '../../services/domain/events.ts';
import type { Principal } from '../../services/application/ports/accounts.ts';
import { admin, eventually, type Harness, startHarness } from '../application/harness.ts';

const local: Principal = { userId: 'local', username: 'local', role: 'admin', reach: 'everything', actor: 'user:local', session: null, apiKeyId: null };

describe('accounts at the audit port', () => {
  let harness: Harness;
  let audit: AuditAccounts;
  let password = '';
  let userId = '';

  before(async () => {
    harness = await startHarness();
    const { accounts } = harness.app;
    audit = createKeyAccounts({ accounts, environmentAccess: accounts.environmentAccess, clock: harness.clock, logger: pino({ enabled: false }) });
    const { principal } = await accounts.signInByIdentity(() => Promise.resolve({ issuer: 'https://id.example', subject: 's', username: 'ann', role: 'operator' }), { address: '192.0.2.9', correlationId: admin.correlationId });
    ({ userId } = principal);
    password = (await accounts.createApiKey(principal, { name: 'history', role: 'auditor' }, admin)).secret;
  });
  after(async () => {
    audit.close();
    await harness.close();
  });

  const grant = (...grants: readonly Grant[]) => harness.app.accounts.users.change(local, userId, { grants }, admin);
  const comeIn = () => audit.authenticate({ username: 'ann', password }, '192.0.2.9');

  it('keep out an operator whose grants name tags, and let in one who reaches every environment, for as long as that is so', async () => {
    expect(comeIn()).to.deep.equal({ refused: 'forbidden' });
    await grant({ tag: 'eu', access: 'full' });
    expect(comeIn()).to.deep.equal({ refused: 'forbidden' });
    await grant({ tag: '*', access: 'read' });
    const admitted = comeIn();
    if (!('caller' in admitted)) throw new Error('the operator was kept out');
    let ended = 0;
    const leave = admitted.caller.onEnded(() => ended++);
    await grant({ tag: 'eu', access: 'full' });
    await eventually(() => ended === 1);
    leave();
    expect(comeIn()).to.deep.equal({ refused: 'forbidden' });
  });

  it('record a key that is not good', async () => {
    expect(audit.authenticate({ username: 'ann', password: `${password.slice(0, -1)}~` }, '192.0.2.77')).to.deep.equal({ refused: 'unauthenticated' });
    await eventually(async () => (await harness.types()).includes('SignInRefused'));
  });
});
