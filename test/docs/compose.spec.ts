/** compose.yaml is what docker-compose takes, and says to each program only what it knows. */
import { expect } from 'chai';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgram } from '../../services/cli/program.ts';
import { runProcess } from '../support/child-process.ts';
import { realPart, requireRealParts } from '../support/real-parts.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What of docker-compose's resolved configuration is looked at. */
interface Resolved {
  readonly services: Readonly<Record<string, { readonly command?: readonly string[]; readonly depends_on?: Readonly<Record<string, unknown>>; readonly ports?: readonly unknown[] }>>;
}

describe('compose.yaml', () => {
  let resolved: Resolved;

  before(async function () {
    requireRealParts(this, 'docker-compose', 'python3');
    const { code, stdout, stderr } = await runProcess(realPart('docker-compose'), ['--file', path.join(root, 'compose.yaml'), 'config']);
    expect(code, stderr).to.equal(0);
    // What it prints is YAML; Debian's Python, which docker-compose itself runs on, reads it.
    const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
    const asJson = await runProcess(realPart('python3'), ['-c', program], { input: stdout });
    resolved = JSON.parse(asJson.stdout) as Resolved;
  });

  it('starts Homeport with an event store and NATS of its own, and publishes only Homeport’s two ports', () => {
    expect(Object.keys(resolved.services).toSorted()).to.deep.equal(['eventstore', 'homeport', 'nats']);
    const { homeport, ...others } = resolved.services;
    expect(homeport?.ports?.map((port) => JSON.stringify(port)).join(' ')).to.match(/9443.*8000|8000.*9443/);
    for (const [name, { ports }] of Object.entries(others)) expect(ports, name).to.equal(undefined);
    expect(Object.keys(homeport?.depends_on ?? {}).toSorted()).to.deep.equal(['eventstore', 'nats']);
  });

  it('gives `serve` flags that it has, and addresses that name the services beside it', async () => {
    const [command = '', ...args] = resolved.services['homeport']?.command ?? [];
    const serve = (await createProgram()).commands.find((candidate) => candidate.name() === command);
    const known = new Set(serve?.options.map(({ long }) => long));
    const flags = args.filter((arg) => arg.startsWith('--'));
    expect(flags.length).to.be.greaterThan(2);
    expect(flags.filter((flag) => !known.has(flag))).to.deep.equal([]);
    const value = (flag: string) => args[args.indexOf(flag) + 1];
    expect(value('--event-store')).to.match(/^esdb:\/\/eventstore:2113/);
    expect(value('--nats')).to.match(/^nats:\/\/nats:4222/);
  });
});
