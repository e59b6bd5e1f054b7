/** The operator's certificate while its files change, as at a renewal, below a real listener. */
import { rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { expect } from 'chai';
import { pino } from 'pino';
import { type ApiListener, createApiListener } from '../../../services/control-plane/api-listener.ts';
import type { ApiCertificate } from '../../../services/control-plane/tls/served-certificate.ts';
import { LOOK_MS, watchOperatorCertificate } from '../../../services/control-plane/tls/watched-certificate.ts';
import { createManualClock, type ManualClock } from '../../application/manual-clock.ts';
import { makeServerCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe("the operator's certificate, when its files change", () => {
  const folder = temporaryFolder();
  let clock: ManualClock;
  let certificate: ApiCertificate;
  let listener: ApiListener;
  let logged: { readonly level: number; readonly msg: string; readonly err?: { readonly code: string } }[];

  const files = () => ({ certFile: join(folder(), 'cert.pem'), keyFile: join(folder(), 'key.pem') });
  function put({ cert, key }: { readonly cert?: string; readonly key?: string }): void {
    if (cert !== undefined) writeFileSync(files().certFile, cert);
    if (key !== undefined) writeFileSync(files().keyFile, key);
  }
  /** A few looks, each to its end. */
  async function look(times = 2): Promise<void> {
    for (let left = times; left > 0; left--) {
      await clock.advance(LOOK_MS);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  /** The name in the certificate that a new connection is shown. */
  async function shownName(): Promise<string | undefined> {
    const socket = tls.connect({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  beforeEach(async () => {
    clock = createManualClock();
    logged = [];
    put(await makeServerCertificate(['first.example']));
    certificate = await watchOperatorCertificate(files(), { clock, logger: pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as (typeof logged)[number]) }) });
    listener = await createApiListener({ host: '127.0.0.1', port: 0, certificate: certificate.current(), onGrpc: () => ({ admitted: Promise.resolve(false) }), onHttp: (socket) => socket.destroy() });
    certificate.onReplaced(listener.setCertificate);
  });
  afterEach(async () => {
    certificate.stop();
    await listener.close();
  });

  it('shows a new pair from the next connection on', async () => {
    expect(await shownName()).to.equal('DNS:first.example');
    put(await makeServerCertificate(['second.example']));
    await eventually('the new certificate', async () => {
      await look(1);
      return (await shownName()) === 'DNS:second.example' ? true : undefined;
    });
    expect(logged.map(({ msg }) => msg)).to.deep.equal(['the certificate was replaced']);
  });

  it('keeps the old pair where the new one is broken or half written, says so once, and takes the pair once it is whole', async () => {
    const next = await makeServerCertificate(['second.example']);
    put({ cert: next.cert });
    await eventually('the complaint', async () => {
      await look(1);
      return logged.length > 0 ? true : undefined;
    });
    await look(4);
    expect(logged.map(({ msg, err }) => [msg, err?.code])).to.deep.equal([['the new certificate can not be used; the old one stays', 'tls-key-mismatch']]);
    expect(await shownName()).to.equal('DNS:first.example');
    put({ key: next.key });
    await eventually('the new certificate', async () => {
      await look(1);
      return (await shownName()) === 'DNS:second.example' ? true : undefined;
    });
  });

  it('keeps the old pair while a file is missing', async () => {
    rmSync(files().keyFile);
    await eventually('the complaint', async () => {
      await look(1);
      return logged.length > 0 ? true : undefined;
    });
    await look(3);
    expect(logged.map(({ err }) => err?.code)).to.deep.equal(['tls-file-unreadable']);
    expect(await shownName()).to.equal('DNS:first.example');
  });
});
