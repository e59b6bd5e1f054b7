/** docs/events.md names every event and field that the code declares, and no other. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import ts from 'typescript';

const DECLARED = new URL('../../services/domain/events.ts', import.meta.url);
const DOCUMENTED = new URL('../../docs/events.md', import.meta.url);

describe('docs/events.md', () => {
  it('names each event type with its fields, as services/domain/events.ts does', () => {
    expect(documentedEvents()).to.deep.equal(declaredEvents());
  });

  it('names each reason a field can hold', () => {
    const text = readFileSync(DOCUMENTED, 'utf8');
    expect(declaredLiterals().filter((literal) => !text.includes(`\`${literal}\``))).to.deep.equal([]);
  });
});

type Fields = Readonly<Record<string, readonly string[]>>;

function source(): ts.SourceFile {
  return ts.createSourceFile('events.ts', readFileSync(DECLARED, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** The members of every interface that EventDataByType extends. */
function declaredEvents(): Fields {
  const interfaces = new Map(source().statements.filter(ts.isInterfaceDeclaration).map((statement) => [statement.name.text, statement]));
  const parents = interfaces.get('EventDataByType')?.heritageClauses?.flatMap((clause) => clause.types.map((type) => type.expression.getText())) ?? [];
  const events = parents.flatMap((name) => [...(interfaces.get(name)?.members ?? [])].filter(ts.isPropertySignature));
  return sorted(
    events.map((event) => {
      if (event.type === undefined || !ts.isTypeLiteralNode(event.type)) throw new Error(`${event.getText()} declares no fields`);
      return [event.name.getText(), event.type.members.map((member) => member.name?.getText() ?? '')];
    }),
  );
}

/** Text literals of the type aliases that events use, such as reasons. */
function declaredLiterals(): readonly string[] {
  const aliases = source().statements.filter(ts.isTypeAliasDeclaration).filter(({ name }) => /Reason$|^Role$/.test(name.text));
  return aliases.flatMap(({ type }) => (ts.isUnionTypeNode(type) ? [...type.types] : [type])).map((literal) => literal.getText().slice(1, -1));
}

/** `### Type`, and the names before the colon in each of its list items. */
function documentedEvents(): Fields {
  const sections = readFileSync(DOCUMENTED, 'utf8').split(/^### /m).slice(1);
  return sorted(
    sections.map((section) => {
      const own = section.split(/^## /m)[0] ?? '';
      const items = [...own.matchAll(/^- ((?:`\w+`(?:, )?)+)/gm)].map(([, names = '']) => names);
      return [own.split('\n')[0] ?? '', items.flatMap((names) => [...names.matchAll(/\w+/g)].map(([name]) => name))];
    }),
  );
}

function sorted(entries: readonly (readonly [string, readonly string[]])[]): Fields {
  const inOrder = entries.map(([type, fields]) => [type, fields.toSorted()] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(inOrder);
}
