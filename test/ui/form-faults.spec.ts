/** What a form says of what the server refuses. */
import { expect } from 'chai';
import { ApiError } from '../../web-gateway/ui/src/api/api-error.ts';
import { formFaults } from '../../web-gateway/ui/src/parts/form-faults.ts';
import { LOOPBACK_BOX, loopbackRefused } from '../../web-gateway/ui/src/parts/loopback-words.ts';

describe('what a form says of what is refused', () => {
  it('is a sentence at its field, also for what is wrong below it', () => {
    const error = new ApiError('invalid-input', 400, 'No.', [{ pointer: '/tags/0', reason: 'must be text' }, { pointer: '/name', reason: 'is taken!' }]);
    const faults = formFaults(error, ['/tags', '/name']);
    expect([faults.at('/tags'), faults.at('/name'), faults.at('/address'), faults.elsewhere]).to.deep.equal(['Must be text.', 'Is taken!', undefined, undefined]);
  });

  it('names the box that allows a loopback address as the box is called, where it is shown', () => {
    const error = new ApiError('loopback-address', 400, 'No.', [{ pointer: '/address', reason: 'give another, or allow loopback' }]);
    expect(formFaults(error, ['/address'], loopbackRefused(true)).at('/address')).to.include(`or tick “${LOOPBACK_BOX}”.`);
    expect(formFaults(error, ['/address'], loopbackRefused(false)).at('/address')).to.match(/the address they can call\.$/);
  });
});
