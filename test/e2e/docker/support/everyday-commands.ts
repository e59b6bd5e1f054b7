/** What people do with Docker all day, in three rounds, whichever way the client was pointed at the environment. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { IMAGE } from '../../../support/dockerd.ts';
import { startOnTerminal } from './terminal.ts';
import type { WayOfPointing } from './ways-of-pointing.ts';

/** Where a round finds its container, and makes its files: `box` runs already. */
export interface Round {
  readonly way: WayOfPointing;
  readonly folder: string;
  /** What is made is named after it. */
  readonly name: string;
}

const DETACH = '\x10\x11';
const RUN = ['run', '--network', 'none'];

/** Commands that need no terminal, all at once. */
export async function runPlainCommands({ way, folder, name }: Round): Promise<void> {
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await way.run('docker', args);
    expect(code, `${way.title}: docker ${args.join(' ')}: ${stderr}`).to.equal(0);
    return stdout;
  };
  const context = path.join(folder, `${name}-context`);
  mkdirSync(context);
  writeFileSync(path.join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY content /content\nRUN cat /content\n`);
  writeFileSync(path.join(context, 'content'), name);
  const commands: Readonly<Record<string, () => Promise<unknown>>> = {
    ps: async () => expect(await docker('ps', '--filter', 'name=box', '--format', '{{.Names}}')).to.equal('box\n'),
    run: async () => expect((await way.run('docker', [...RUN, '--rm', IMAGE, 'sh', '-c', 'echo hi; exit 9'])).code).to.equal(9),
    wait: async () => {
      await docker(...RUN, '--detach', '--interactive', '--name', `${name}-waited`, IMAGE, 'sh', '-c', 'read line; echo "$line"; exit 4');
      const waited = docker('wait', `${name}-waited`);
      const followed = docker('logs', '--follow', `${name}-waited`);
      expect((await way.run('docker', ['attach', `${name}-waited`], { input: 'told\n' })).code).to.equal(4);
      expect(await waited).to.equal('4\n');
      expect(await followed).to.equal('told\n');
      // 0s would be the beginning of this second.
      const now = (Date.now() / 1000).toFixed(3);
      const events = await docker('events', '--since', '0', '--until', now, '--filter', `container=${name}-waited`, '--format', '{{.Action}}');
      // Of its end the engine tells after those who wait.
      expect(events).to.match(/create[^]*start/);
    },
    stats: async () => expect(await docker('stats', '--no-stream', '--format', '{{.Name}}', 'box')).to.equal('box\n'),
    'save | load': async () => {
      const archive = path.join(folder, `${name}.tar`);
      await docker('save', '--output', archive, IMAGE);
      expect(await docker('load', '--input', archive)).to.match(/^Loaded image/);
    },
    build: async () => {
      const { code, stderr } = await way.run('docker', ['build', '--network', 'none', '--tag', `${name}-built`, context]);
      // Docker's newer CLI has BuildKit in a plugin of its own, and says so where that is missing.
      expect(code, stderr).to.equal(0);
    },
    cp: async () => {
      await docker('cp', path.join(context, 'content'), `box:/${name}`);
      await docker('cp', `box:/${name}`, path.join(folder, `${name}-back`));
      expect(readFileSync(path.join(folder, `${name}-back`), 'utf8')).to.equal(name);
    },
  };
  const outcomes = await Promise.allSettled(Object.values(commands).map((command) => command()));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** `exec -it`, whose window changes and whose exit code counts; `attach`, from which one detaches. */
export async function runOnTerminals({ way, name }: Round): Promise<void> {
  async function withTerminal(args: readonly string[], use: (terminal: Awaited<ReturnType<typeof startOnTerminal>>) => Promise<void>): Promise<void> {
    const terminal = await startOnTerminal(way.commandLine('docker', args), way.env);
    try {
      await use(terminal);
    } finally {
      await terminal.process.stop('SIGKILL');
    }
  }
  const exec = withTerminal(['exec', '-it', 'box', 'sh'], async (terminal) => {
    terminal.type('until [ "$(stty size 2>&1)" = "24 80" ]; do usleep 10000; done; echo begun-$((40 + 2))\r');
    await terminal.process.waitFor(/begun-42/);
    await terminal.resize(97, 31);
    terminal.type('until [ "$(stty size)" = "31 97" ]; do usleep 10000; done; echo resized-$((40 + 2)); exit 7\r');
    await terminal.process.waitFor(/resized-42/);
    expect((await terminal.process.ended).code).to.equal(7);
  });
  const attach = (async () => {
    const shell = `${name}-shell`;
    expect((await way.run('docker', [...RUN, '--detach', '--interactive', '--tty', '--name', shell, IMAGE, 'sh'])).code).to.equal(0);
    await withTerminal(['attach', shell], async (terminal) => {
      terminal.type('echo attached-$((40 + 2))\r');
      await terminal.process.waitFor(/attached-42/);
      terminal.type(DETACH);
      // The CLI says so, with an exit code that differs from version to version.
      await terminal.process.ended;
      expect(terminal.process.stdout()).to.contain('read escape sequence');
    });
    const { stdout } = await way.run('docker', ['inspect', '--format', '{{.State.Running}}', shell]);
    expect(stdout, 'whether the shell lives on').to.equal('true\n');
  })();
  await Promise.all([exec, attach]);
}

/** `docker-compose up` and `logs -f`. */
export async function runCompose({ way, folder, name }: Round): Promise<void> {
  const cwd = path.join(folder, `${name}-compose`);
  mkdirSync(cwd);
  writeFileSync(
    path.join(cwd, 'docker-compose.yml'),
    `version: '2.4'\nservices:\n  talker:\n    image: ${IMAGE}\n    network_mode: none\n    command: sh -c 'echo composed; exit 5'\n`,
  );
  const up = await way.run('docker-compose', ['--no-ansi', 'up', '--detach'], { cwd });
  expect(up.code, up.stderr).to.equal(0);
  const logs = await way.run('docker-compose', ['--no-ansi', 'logs', '--follow', '--no-color'], { cwd });
  expect(logs.stdout, logs.stderr).to.match(/talker_1\s+\| composed\n[^]*exited with code 5/);
}
