/** The disk of the data directory fills up, a small one of its own, and gets room again. */
import { mkdirSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { expect } from 'chai';
import { runProcess } from '../../support/child-process.ts';
import { eventually } from '../../support/eventually.ts';
import { skip } from '../../support/real-parts.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
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
  async function eventStore(): Promise<string | undefined> {
    const { body } = await running().api.call('GET', '/../../readyz');
    const { checks, detail = '' } = body as { readonly checks?: Readonly<Record<string, string>>; readonly detail?: string };
    return checks?.['eventStore'] ?? /eventStore: ([\w-]+)/i.exec(detail)?.[1] ?? 'ok';
  }
  async function metric(name: string): Promise<number> {
    const { body } = await running().api.call('GET', '/../../metrics');
    return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec(String(body))?.[1] ?? 0);
  }

  it('refuses decisions in words while agents are answered, and all goes on by itself once there is room', async () => {
    const { api, folder, startAgent } = running();
    const environment = await api.createEnvironment({ name: 'factory', pollIntervalSeconds: 1 });
    mkdirSync(path.join(folder, 'agent'));
    const agent = startAgent(environment, { DOCKER_HOST: `unix://${folder}/none.sock`, DATA_PATH: path.join(folder, 'agent') });
    await agent.waitFor(/polling the control plane/);
    const polls = () => metric('homeport_polls_total');
    await eventually('a poll', async () => ((await polls()) > 0 ? true : undefined));

    fill();
    // Some room is left in what the files had already.
    let tried = 0;
    const refused = await eventually('a refusal', async () => {
      const answer = await create(`more ${(tried += 1)}`);
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.body).to.include({ code: 'event-store-unavailable' });
    expect((refused.body as { readonly detail: string }).detail).to.match(/^The disk of the event store is full, so nothing can be recorded; free space on it/);
    expect(await eventStore()).to.equal('disk-full');
    expect(await metric('homeport_event_store_available')).to.equal(0);
    expect(await metric('homeport_event_store_append_failures_total{code="event-store-unavailable"}')).to.be.above(0);
    const before = await polls();
    await eventually('a poll in the meantime', async () => ((await polls()) > before ? true : undefined));
    expect((await api.call('GET', `/environments/${environment.id}`)).status).to.equal(200);
    expect(await metric('homeport_polls_buffered')).to.be.above(0);

    rmSync(path.join(disk.path, 'filler'));
    await eventually('room again', async () => ((await create('after')).status === 201 ? true : undefined));
    await eventually('readiness', async () => ((await eventStore()) === 'ok' ? true : undefined));
    await eventually('the polls of the meantime', async () => ((await metric('homeport_polls_buffered')) === 0 ? true : undefined));
    expect(await metric('homeport_event_store_available')).to.equal(1);
    await eventually('the new environment in the list', async () => {
      const { body } = await api.call('GET', '/environments?search=after');
      return (body as { readonly total: number }).total === 1 ? true : undefined;
    });
    // Every poll is on record, none twice and none lost.
    const polled = await api.events(`environment=${environment.id}&type=AgentPolled`);
    const sequences = polled.map(({ data }) => Number(data.sequence));
    expect(sequences).to.deep.equal(sequences.map((_, index) => index + 1));
    expect(sequences.length).to.be.at.least(before);
    expect(await api.events('type=PollsLost')).to.deep.equal([]);
    expect((await agent.stop()).code).to.equal(0);
    expect(agent.stderr()).to.not.match(/event-store-unavailable/);
  });
});
