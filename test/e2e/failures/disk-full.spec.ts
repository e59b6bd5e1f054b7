/** The disk of the data directory fills up, a small one of its own, and gets room again. */
import { mkdirSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { expect } from 'chai';
import { type RunningProcess, runProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { skip } from '../../support/real-parts.ts';
import { isStoreElsewhere } from '../../support/store-elsewhere.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import type { CreatedEnvironment } from './support/api.ts';
import { startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

describe('a full disk', function () {
  this.timeout(60_000);
  let disk: TemporaryFolder;
  let site: Site | undefined;
  let isMounted = false;

  before(async function () {
    disk = createTemporaryFolder();
    await mount(this, disk.path);
    isMounted = true;
    site = await startSite({ dataDir: path.join(disk.path, 'data') });
  });
  after(async () => {
    await site?.stop();
    if (isMounted) expect((await runProcess('umount', [disk.path])).code).to.equal(0);
    disk.remove();
  });

  async function mount(test: Context, folder: string): Promise<void> {
    if (process.getuid?.() !== 0) skip(test, 'a disk of its own takes root; to run it: sudo npm test');
    const { code, stderr } = await runProcess('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', folder]);
    if (code !== 0) skip(test, `no file system can be mounted here: ${stderr}`);
  }

  /** Takes all the room that is left. */
  function fill(): void {
    const file = path.join(disk.path, 'filler');
    writeFileSync(file, '');
    for (let bytes = 1024 * 1024; bytes >= 512; ) {
      try {
        appendFileSync(file, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
  }

  function running(): Site {
    if (site === undefined) throw new Error('the hook failed');
    return site;
  }
  const create = (name: string) => running().api.call('POST', '/environments', { name, address: 'homeport.example.com:9443' });
  /** What /readyz says of one part. */
  async function readinessOf(part: 'eventStore' | 'projections'): Promise<string> {
    const { body } = await running().api.call('GET', '/../../readyz');
    const { checks, detail = '' } = body as { readonly checks?: Readonly<Record<string, string>>; readonly detail?: string };
    return checks?.[part] ?? new RegExp(`${part}: ([\\w-]+)`).exec(detail)?.[1] ?? 'ok';
  }
  async function metric(name: string): Promise<number> {
    const { body } = await running().api.call('GET', '/../../metrics');
    return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec(String(body))?.[1] ?? 0);
  }

  const polls = () => metric('homeport_polls_total');

  /** An environment, and its agent that polls each second. */
  async function startPolling(): Promise<{ readonly environment: CreatedEnvironment; readonly agent: RunningProcess }> {
    const { api, folder, startAgent } = running();
    const environment = await api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    mkdirSync(path.join(folder, 'agent'));
    const agent = startAgent(environment, { DOCKER_HOST: `unix://${folder}/none.sock`, DATA_PATH: path.join(folder, 'agent') });
    await agent.waitFor(/polling the control plane/);
    await eventually('a poll', async () => ((await polls()) > 0 ? true : undefined));
    return { environment, agent };
  }

  async function untilListed(search: string, count: number): Promise<void> {
    await eventually('the new environments in the list', async () => {
      const { body } = await running().api.call('GET', `/environments?search=${search}`);
      return (body as { readonly total: number }).total === count ? true : undefined;
    });
  }

  /** Every poll is on record, none twice and none lost. */
  async function expectEveryPoll({ id }: CreatedEnvironment, atLeast: number): Promise<void> {
    const { api } = running();
    const sequences = (await api.events(`environment=${id}&type=AgentPolled`)).map(({ data }) => Number(data.sequence));
    expect(sequences).to.deep.equal(sequences.map((_, index) => index + 1));
    expect(sequences.length).to.be.at.least(atLeast);
    expect(await api.events('type=PollsLost')).to.deep.equal([]);
  }

  // A record elsewhere is on another disk, which stays as it is.
  (isStoreElsewhere ? it.skip : it)('refuses decisions in words while agents are answered, and all goes on by itself once there is room', async () => {
    const { api } = running();
    const { environment, agent } = await startPolling();

    fill();
    // Some room is left in what the files had already.
    let tried = 0;
    const refused = await eventually('a refusal', async () => {
      const answer = await create(`more ${(tried += 1)}`);
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.body).to.include({ code: 'event-store-unavailable' });
    expect((refused.body as { readonly detail: string }).detail).to.match(/^The disk of the event store is full, so nothing can be recorded; free space on it/);
    expect(await readinessOf('eventStore')).to.equal('disk-full');
    expect(await metric('homeport_event_store_available')).to.equal(0);
    expect(await metric('homeport_event_store_append_failures_total{code="event-store-unavailable"}')).to.be.above(0);
    const before = await polls();
    await eventually('a poll in the meantime', async () => ((await polls()) > before ? true : undefined));
    expect((await api.call('GET', `/environments/${environment.id}`)).status).to.equal(200);
    expect(await metric('homeport_polls_buffered')).to.be.above(0);

    rmSync(path.join(disk.path, 'filler'));
    await eventually('room again', async () => ((await create('after')).status === 201 ? true : undefined));
    await eventually('readiness', async () => ((await readinessOf('eventStore')) === 'ok' ? true : undefined));
    await eventually('the polls of the meantime', async () => ((await metric('homeport_polls_buffered')) === 0 ? true : undefined));
    expect(await metric('homeport_event_store_available')).to.equal(1);
    await untilListed('after', 1);
    await expectEveryPoll(environment, before);
    expect((await agent.stop()).code).to.equal(0);
    expect(agent.stderr()).to.not.match(/event-store-unavailable/);
  });

  if (isStoreElsewhere) {
    it('stops the read models and nothing else where the record is elsewhere, and they go on by themselves once there is room', async () => {
      const { api } = running();
      const { environment, agent } = await startPolling();

      fill();
      let created = 0;
      await eventually('read models that can’t be written', async () => {
        expect((await create(`meanwhile ${(created += 1)}`)).status).to.equal(201);
        return (await readinessOf('projections')) === 'failed' ? true : undefined;
      });
      expect(await metric('homeport_projections_live')).to.equal(0);
      expect(await readinessOf('eventStore')).to.equal('ok');
      expect((await create(`meanwhile ${(created += 1)}`)).status).to.equal(201);
      const before = await polls();
      await eventually('a poll in the meantime', async () => ((await polls()) > before ? true : undefined));
      expect((await api.call('GET', `/environments/${environment.id}`)).status).to.equal(200);

      rmSync(path.join(disk.path, 'filler'));
      // They are tried again each 10 s at the latest.
      await eventually('readiness', async () => ((await readinessOf('projections')) === 'ok' ? true : undefined), 20_000);
      await untilListed('meanwhile', created);
      await eventually('the polls of the meantime', async () => ((await metric('homeport_polls_buffered')) === 0 ? true : undefined));
      await expectEveryPoll(environment, before);
      expect((await agent.stop()).code).to.equal(0);
    });
  }
});
