import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { eventLogFile, openEventStore } from '../../../services/event-store/open.ts';
import { verifyLog } from '../../../services/event-store/sqlite/verify-log.ts';
import { makeTemporaryDirectory } from '../temporary-directory.ts';
import { collect } from './open-log.ts';
import { DatabaseSync } from 'node:sqlite';

/** Kills the writing process once it has acknowledged so many events; answers what it acknowledged as `stream revision id`. */
async function writeUntilKilled(dataDirectory: string, round: string, acknowledged: number): Promise<string[]> {
  const child = spawn(process.execPath, [new URL('./crash-writer.ts', import.meta.url).pathname, dataDirectory, round], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let output = '';
  let lines = 0;
  for await (const chunk of child.stdout) {
    output += String(chunk);
    lines += String(chunk).split('\n').length - 1;
    if (lines >= acknowledged) child.kill('SIGKILL');
  }
  const [, signal] = (await closed) as [number | null, string | null];
  expect(signal, 'the writing process was to end by the kill alone').to.equal('SIGKILL');
  // The last line may have been cut off by the kill.
  return output.split('\n').slice(0, -1).filter((line) => !line.startsWith('expired '));
}

describe('the embedded log after kill -9 of its writer', function () {
  this.timeout(60_000);
  const directory = makeTemporaryDirectory();
  after(() => directory.remove());

  for (const [round, acknowledged] of [300, 1_500, 4_000, 700].entries()) {
    it(`has every acknowledged event, is sound and goes on (round ${round + 1})`, async () => {
      const lines = await writeUntilKilled(directory.path, `r${round}`, acknowledged);
      expect(lines.length).to.be.at.least(acknowledged / 2);

      const store = await openEventStore({ dataDirectory: directory.path });
      const recorded = new Set((await collect(store.readAll())).map((event) => `${event.stream} ${event.revision} ${event.id}`));
      // Of refusals all but the newest 200 were removed on purpose.
      const missing = lines.filter((line) => !recorded.has(line) && !line.startsWith('refusals-'));
      expect(missing).to.deep.equal([]);
      await store.append('settings', [{ id: crypto.randomUUID(), type: 'ThingHappened', data: '{}', metadata: '{}' }], { expectedRevision: 'any' });
      await store.close();

      const database = new DatabaseSync(eventLogFile(directory.path));
      try {
        expect(database.prepare('PRAGMA integrity_check').all()).to.deep.equal([{ integrity_check: 'ok' }]);
        expect(verifyLog(database).problems).to.deep.equal([]);
      } finally {
        database.close();
      }
    });
  }
});
