import { expect } from 'chai';
import type { EventDataByType } from '../../services/domain/events.ts';
import { hashPassword, isPassword } from '../../services/application/passwords.ts';
import { createInstallationSecrets } from '../../services/application/sealing.ts';
import { admin, installationKey, local, startHarness } from './harness.ts';

describe('application: passwords', () => {
  const password = 'correct horse battery';

  it('take 32 MiB each to try, of whoever stole what is kept of them', async () => {
    const harness = await startHarness({});
    await harness.app.accounts.users.create(local, { username: 'admin', password, role: 'admin' }, admin);
    const created = (await harness.events()).find(({ type }) => type === 'UserCreated');
    const { passwordHash } = JSON.parse(created?.data ?? '{}') as EventDataByType['UserCreated'];
    const hash = passwordHash === null ? '' : createInstallationSecrets(installationKey).open(passwordHash);
    expect(hash).to.match(/^scrypt\$32768\$8\$1\$[\w+/]{22}==\$[\w+/]{43}=$/);
    expect(await isPassword(password, hash)).to.equal(true);
    expect(await isPassword('wrong', hash)).to.equal(false);
    await harness.close();
  });

  it('are told by the cost they were hashed with, and hashed with a salt of their own', async () => {
    const hashes = [await hashPassword(password, { N: 16, r: 8, p: 1 }), await hashPassword(password, { N: 32, r: 4, p: 2 }), await hashPassword(password, { N: 16, r: 8, p: 1 })];
    expect(new Set(hashes).size).to.equal(3);
    for (const hash of hashes) expect(await isPassword(password, hash)).to.equal(true);
  });
});
