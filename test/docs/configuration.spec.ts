/** docs/configuration.md names every flag and variable of the command line, and no other. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect } from 'chai';
import { createProgram } from '../../services/cli/program.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/configuration.md', root), 'utf8');

/** A flag as it is written, and its variable. */
type Flags = Readonly<Record<string, string | undefined>>;

describe('docs/configuration.md', () => {
  it('names each command with its flags and their variables, as --help does', async () => {
    expect(documentedCommands()).to.deep.equal(await declaredCommands());
  });

  it('names each default', async () => {
    const wrong = leaves(await createProgram()).flatMap(([name, command]) =>
      command.options.filter(({ defaultValue }) => defaultValue !== undefined && defaultValue !== true).filter(({ flags, defaultValue }) => !row(name, longFlag(flags)).includes(`\`${String(defaultValue)}\``)),
    );
    expect(wrong.map(({ flags }) => flags)).to.deep.equal([]);
  });

  it('names each variable that is read without a flag', () => {
    const files = globSync('services/cli/**/*.ts', { cwd: fileURLToPath(root) });
    const read = files.flatMap((file) => [...readFileSync(new URL(file, root), 'utf8').matchAll(/\benv\.([A-Z_]+)/g)].map(([, name = '']) => name));
    const undocumented = new Set(read.filter((name) => !page.includes(`\`${name}\``)));
    expect([...undocumented]).to.deep.equal([]);
  });
});

async function declaredCommands(): Promise<Readonly<Record<string, Flags>>> {
  return Object.fromEntries(leaves(await createProgram()).map(([name, command]) => [name, Object.fromEntries(command.options.map(({ flags, envVar }) => [longFlag(flags), envVar]))]));
}

/** Each section's own table, and those of the shared flags that it takes. */
function documentedCommands(): Readonly<Record<string, Flags>> {
  const certificate = flagsIn(between('The *certificate flags*', 'The *server flags*'));
  const server = { ...certificate, ...flagsIn(between('The *server flags*', 'The *output flags*')) };
  const output = flagsIn(between('The *output flags*', '\n## '));
  const agent = flagsIn(between('## `homeport agent`\n', '\n## '));
  const shared = { certificate, server, output, agent };
  return Object.fromEntries(
    sections().map(([name, text]) => {
      const taken = Object.entries(shared).filter(([group]) => text.includes(`*${group} flags*`));
      return [name, Object.assign({}, ...taken.map(([, flags]) => flags), flagsIn(text)) as Flags];
    }),
  );
}

function sections(): readonly (readonly [name: string, text: string])[] {
  return page
    .split(/^## /m)
    .map((section) => [/^`homeport ([^`]+)`/.exec(section)?.[1], section] as const)
    .flatMap(([name, text]) => (name === undefined ? [] : [[name, text] as const]));
}

function flagsIn(text: string): Flags {
  return Object.fromEntries([...text.matchAll(/^\| `(--[^`]+)` \| `(\w+)` \|/gm)].map(([, flag = '', variable]) => [flag.replaceAll('\\|', '|'), variable]));
}

function row(name: string, flag: string): string {
  const own = sections().find(([command]) => command === name)?.[1] ?? '';
  return `${own}\n${page}`.split('\n').find((line) => line.startsWith(`| \`${flag}\``)) ?? '';
}

function between(start: string, end: string): string {
  const from = page.indexOf(start);
  return page.slice(from, page.indexOf(end, from));
}

function longFlag(flags: string): string {
  return flags.replace(/^-\w, /, '');
}

/** The commands that do something, by what is typed. */
function leaves(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  const below = command.commands.flatMap((subcommand) => leaves(subcommand, [...path, subcommand.name()]));
  const isOne = below.length === 0 || (path.length > 0 && command.options.length > 0);
  return isOne ? [[path.join(' '), command], ...below] : below;
}
