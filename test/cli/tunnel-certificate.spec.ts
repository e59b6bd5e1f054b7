/** `homeport tunnel-certificate`, against a real server. */
import { expect } from 'chai';
import { startHomeport } from '../support/homeport.ts';
import type { HomeportServer } from '../support/homeport.ts';

interface Shown {
  readonly fingerprint: string;
  readonly formers: readonly { readonly fingerprint: string; readonly acceptedUntil: string }[];
}

const HOUR_MS = 3_600_000;

describe('homeport tunnel-certificate', function () {
  this.timeout(30_000);
  let server: HomeportServer;
  before(async () => {
    server = await startHomeport();
    await server.signIn();
  });
  after(() => server.remove());

  /** What a command shows. */
  async function shownBy(...args: readonly string[]): Promise<Shown> {
    const { code, stdout, stderr } = await server.homeport('tunnel-certificate', ...args, '--json');
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Shown;
  }

  it('rotates it, accepts the former one for as long as is asked, and retires it', async () => {
    const before = await shownBy('show');
    expect(before.formers).to.deep.equal([]);
    const fromMs = Date.now();
    const { fingerprint, formers } = await shownBy('rotate', '--former-accepted', '1h', '--yes');
    expect(fingerprint).not.to.equal(before.fingerprint);
    expect(formers.map((former) => former.fingerprint)).to.deep.equal([before.fingerprint]);
    expect(Date.parse(formers[0]?.acceptedUntil ?? '')).to.be.within(fromMs + HOUR_MS, Date.now() + HOUR_MS);
    expect(await shownBy('show')).to.deep.include({ fingerprint, formers });
    expect(await shownBy('retire', '--yes')).to.deep.include({ fingerprint, formers: [] });
  });

  it('accepts a leaked one no more at all', async () => {
    const before = await shownBy('show');
    const after = await shownBy('rotate', '--leaked', '--yes');
    expect(after.fingerprint).not.to.equal(before.fingerprint);
    expect(after.formers).to.deep.equal([]);
  });

  it('takes --leaked or --former-accepted, never both, and asks before it rotates', async () => {
    expect(await server.homeport('tunnel-certificate', 'rotate', '--leaked', '--former-accepted', '1h', '--yes')).to.include({ code: 2 });
    const unasked = await server.homeport('tunnel-certificate', 'rotate');
    expect([unasked.code, unasked.stderr]).to.deep.equal([2, 'homeport: there is nobody to ask “Make a new tunnel certificate?” here: pass --yes to do it\n']);
  });
});
