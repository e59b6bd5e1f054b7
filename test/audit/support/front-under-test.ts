/** The audit front as clients meet it: on a port, behind TLS, over an embedded store. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Authenticate } from '../../../services/audit/caller.ts';
import { createAuditFront } from '../../../services/audit/front.ts';
import { systemClock, type Clock } from '../../../services/application/clock.ts';
import { createSingleAccount } from '../../../services/control-plane/audit-accounts.ts';
import { createAuditListener } from '../../../services/control-plane/audit-listener.ts';
import { openEventStore, type OpenedEventStore } from '../../../services/event-store/open.ts';
import { aServerCertificate } from '../../support/certificates.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

export interface FrontUnderTest {
  readonly store: OpenedEventStore;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly caFile: string;
  /** `esdb://…` with the account's name and password. */
  readonly connectionString: string;
  /** What went wrong in the front and was no refusal. */
  readonly failures: readonly unknown[];
  close(): Promise<void>;
}

/** Starts one; the account is `auditor` with the password `secret`. `onAuthenticate` is called with each comparison, `beforeAppend` before each append of a client. */
export async function startFront({ mayWrite = false, clock = systemClock, stallMs = 60_000, onAuthenticate = () => undefined, beforeAppend = () => Promise.resolve() }: { readonly mayWrite?: boolean; readonly clock?: Clock; readonly stallMs?: number; readonly onAuthenticate?: () => void; readonly beforeAppend?: () => Promise<void> } = {}): Promise<FrontUnderTest> {
  const folder = createTemporaryFolder();
  const { ca, cert, key } = await aServerCertificate();
  const caFile = join(folder.path, 'ca.pem');
  writeFileSync(caFile, ca);
  const store = await openEventStore({ dataDirectory: join(folder.path, 'data') });
  const accounts = createSingleAccount({ username: 'auditor', password: 'secret', mayWrite, clock, logger: pino({ level: 'silent' }) });
  const failures: unknown[] = [];
  const authenticate: Authenticate = (credentials, address) => {
    onAuthenticate();
    return accounts.authenticate(credentials, address);
  };
  const append: typeof store.append = async (...args) => {
    await beforeAppend();
    return store.append(...args);
  };
  const front = createAuditFront({ store: { ...store, append }, authenticate, isWritable: mayWrite, clock, stallMs, onFailure: (error) => failures.push(error) });
  const listener = await createAuditListener({ host: '127.0.0.1', port: 0, certificate: { certificatePem: cert, keyPem: key }, accept: front.accept, clock });
  return {
    store,
    port: listener.port,
    ca,
    caFile,
    connectionString: `esdb://auditor:secret@localhost:${listener.port}?tlsCAFile=${caFile}`,
    failures,
    async close() {
      front.close();
      listener.close();
      accounts.close();
      await store.close();
      folder.remove();
    },
  };
}
