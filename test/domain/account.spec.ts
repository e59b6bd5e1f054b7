import { expect } from 'chai';
import { accountDecider, type AccountCommand, type AccountEvent } from '../../services/domain/account.ts';
import { accessByGrants, tagsInReach } from '../../services/domain/grants.ts';
import type { Grant, Role } from '../../services/domain/events.ts';
import { given } from './given-when-then.ts';

const at = '2026-01-31T12:00:00.000Z';
const userId = 'u1';
const passwordHash = { sealed: 'aGFzaA==' };
const eu: Grant = { tag: 'eu', access: 'full' };

describe('domain: account', () => {
  const created = (role: Role): AccountEvent => ({ type: 'UserCreated', data: { at, userId, username: 'ann', role, passwordHash } });
  const granted = (...grants: readonly Grant[]): AccountEvent => ({ type: 'GrantChanged', data: { at, userId, grants } });
  const from = (...events: readonly AccountEvent[]) => given(accountDecider, ...events);
  const change = (changes: object): AccountCommand => ({ type: 'change', at, userId, ...changes });

  it('is created with what an operator is granted, and nobody else is granted anything', () => {
    const create = (role: Role, ...grants: readonly Grant[]): AccountCommand => ({ type: 'create', at, userId, username: 'ann', role, grants, passwordHash, identity: null });
    from().when(create('operator', eu)).then(created('operator'), granted(eu));
    from().when(create('auditor')).then(created('auditor'));
    from().when(create('auditor', eu)).thenRefused('grants-not-for-role');
    from(created('admin')).when(create('admin')).thenRefused('user-exists');
  });

  it('changes what it is told to, and records nothing where that is so already', () => {
    const operator = from(created('operator'), granted(eu));
    operator.when(change({ role: 'operator', grants: [eu] })).thenNothing();
    operator.when(change({ grants: [] })).then(granted());
    operator.when(change({ passwordHash })).then({ type: 'PasswordChanged', data: { at, userId, passwordHash } });
    operator.when(change({ role: 'auditor', grants: [eu] })).thenRefused('grants-not-for-role');
  });

  it('takes the grants from who is no operator any more: coming back begins without', () => {
    from(created('operator'), granted(eu)).when(change({ role: 'auditor' })).then({ type: 'UserRoleChanged', data: { at, userId, role: 'auditor' } }, granted());
    from(created('auditor')).when(change({ role: 'operator', grants: [eu] })).then({ type: 'UserRoleChanged', data: { at, userId, role: 'operator' } }, granted(eu));
  });

  it('is removed for good', () => {
    from(created('operator')).when({ type: 'remove', at, userId }).then({ type: 'UserRemoved', data: { at, userId } });
    from(created('operator'), { type: 'UserRemoved', data: { at, userId } }).when(change({ role: 'admin' })).thenRefused('user-removed');
  });

  it('is granted by the tags of environments; of two that fit the one that goes further counts', () => {
    const grants: readonly Grant[] = [{ tag: 'eu', access: 'read' }, { tag: 'lab', access: 'full' }];
    expect(accessByGrants(grants, [])).to.equal(undefined);
    expect(accessByGrants(grants, ['us', 'eu'])).to.equal('read');
    expect(accessByGrants(grants, ['eu', 'lab'])).to.equal('full');
    expect(accessByGrants([{ tag: '*', access: 'read' }], ['us'])).to.equal('read');
    expect(tagsInReach(grants)).to.deep.equal(['eu', 'lab']);
    expect(tagsInReach([])).to.deep.equal([]);
    expect(tagsInReach([eu, { tag: '*', access: 'read' }])).to.equal(undefined);
  });
});
