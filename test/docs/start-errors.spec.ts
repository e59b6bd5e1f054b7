/** docs/errors.md names every code that a start can fail with, and the code names no other. */
import { expect } from 'chai';
import { startErrorCodeOf, startErrorCodes } from '../../services/control-plane/start-error.ts';
import { startErrorOf } from '../../services/control-plane/start-errors.ts';
import { EventStoreError } from '../../services/event-store/port.ts';
import { codesIn, codesOf, sourceText } from './declared-codes.ts';

describe('docs/errors.md, of a start', () => {
  const [, section = ''] = sourceText('docs/errors.md').split("\n## When the server can't start\n");
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, code = '']) => code);

  it('has each code once, and no other', () => {
    expect(rows).to.have.members([...startErrorCodes]);
  });

  it('has each code that the parts of a start throw, and none that nothing throws', () => {
    const thrown = [
      ...codesIn('services/control-plane/**/*.ts', /new StartError\('([a-z-]+)'/g),
      ...codesOf('services/control-plane/listen.ts', 'ListenErrorCode'),
      ...codesOf('services/control-plane/tls/operator-certificate.ts', 'OperatorCertificateErrorCode'),
      ...codesOf('services/event-store/data-directory-lock.ts', 'DataDirectoryErrorCode'),
      ...codesIn('services/taps/nats-connection.ts', /new TapError\('([a-z-]+)'/g),
      ...codesOf('services/event-store/port.ts', 'EventStoreErrorCode').filter((code) => ['access-denied', 'event-store-unavailable', 'event-store-corrupt'].includes(code)),
      ...codesOf('projections/port.ts', 'ProjectionsErrorCode').filter((code) => code === 'projections-failed'),
      ...codesIn('services/control-plane/start-error.ts', /\?\? '([a-z-]+)'/g),
    ];
    expect([...startErrorCodes]).to.have.members([...new Set(thrown)]);
  });

  it('keeps the code of what failed, and calls what it does not know start-failed', () => {
    expect(startErrorOf(new EventStoreError('event-store-corrupt', 'It is broken.'), '/data')).to.include({ code: 'event-store-corrupt', message: 'It is broken. restore a backup of the data directory' });
    expect(startErrorOf(Object.assign(new Error('full'), { code: 'ENOSPC' }), '/data').code).to.equal('data-directory-unwritable');
    expect(startErrorOf(new Error('odd'), '/data')).to.include({ code: 'start-failed', message: 'odd' });
    expect(startErrorCodeOf({ code: 'name-taken' })).to.equal('start-failed');
  });
});
