/** Names for the API's certificate, from real read models of more environments than one page has. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { createProjections } from '../../projections/open.ts';
import { environmentHosts } from '../../services/control-plane/environment-hosts.ts';
import { openEventStore } from '../../services/event-store/open.ts';
import { appendHistory } from '../projections/append-history.ts';

const COUNT = 1003;

describe('hosts of environments', () => {
  it('are those of all of them, each once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeport-'));
    const store = await openEventStore({ dataDirectory: folder });
    const projections = await createProjections({ eventStore: store, file: join(folder, 'read-models.db'), logger: pino({ enabled: false }) });
    try {
      const history = Array.from({ length: COUNT }, (_, index) => {
        const environmentId = `e${String(index).padStart(4, '0')}`;
        const at = '2026-01-31T12:00:00.000Z';
        // The last ones share a host.
        const host = index < COUNT - 3 ? `host${String(index)}.example` : 'shared.example';
        const data = { at, environmentId, name: environmentId, address: `${host}:9443`, tunnelAddress: `${host}:8000`, tags: [], pollIntervalSeconds: null, issuedEdgeId: 'x', requireIssuedEdgeId: false, joinTokenVersion: 1 };
        const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
        const metadata = JSON.stringify({ $correlationId: id, actor: 'system:test', schemaVersion: 1, recordedAt: at });
        return { id, stream: `environment-${environmentId}`, type: 'EnvironmentCreated', data: JSON.stringify(data), metadata };
      });
      await appendHistory(store, history);
      await projections.whenCaughtUp();
      const hosts = await environmentHosts(projections.environments);
      expect(hosts).to.have.length(COUNT - 2);
      expect(hosts).to.include.members(['host0.example', 'host999.example', 'shared.example']);
    } finally {
      await projections.close();
      await store.close();
      rmSync(folder, { recursive: true });
    }
  });
});
