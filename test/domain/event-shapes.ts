/** The shape of each event's data, read from the declarations themselves: what golden files are held against. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** `string`, `number | null`, `'up' | 'down'`; in objects by field, with `?` after the name of one that may be absent; lists by their only element. `*` is any name. */
export type Shape = string | readonly [Shape] | { readonly [field: string]: Shape } | { readonly either: readonly Shape[] };

const DOMAIN = new URL('../../services/domain/', import.meta.url);

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

/** Of every type in EventDataByType. Throws where a declaration uses what is not understood here. */
export function declaredShapes(): ReadonlyMap<string, Shape> {
  const declarations = new Map(['events.ts', 'snapshot.ts'].flatMap(declarationsIn));
  const all = interfaceNamed(declarations, 'EventDataByType');
  const parents = all.heritageClauses?.flatMap(({ types }) => types.map(({ expression }) => expression.getText())) ?? [];
  const members = parents.flatMap((parent) => [...interfaceNamed(declarations, parent).members]);
  return new Map(members.map((member) => [nameOf(member), shapeOf(typeOf(member), declarations)]));
}

/** Data of that shape: no null where there can be something, one element in each list, the first of several words; texts are the name of their field. */
export function sampleOf(shape: Shape, name = 'text'): unknown {
  if (typeof shape === 'string') {
    const [first = ''] = shape.split(' | ');
    const samples: Readonly<Record<string, unknown>> = { Instant: '2026-01-31T12:00:00.000Z', string: name, number: 1, boolean: true, null: null };
    return Object.hasOwn(samples, first) ? samples[first] : first.slice(1, -1);
  }
  if (isList(shape)) return [sampleOf(shape[0], name)];
  if (isEither(shape)) return sampleOf(shape.either[0] ?? 'null', name);
  const fields = Object.entries(shape).map(([field, of]) => [field === '*' ? 'name' : field.replace('?', ''), of] as const);
  return Object.fromEntries(fields.map(([field, of]) => [field, sampleOf(of, field)]));
}

/** Where data is not of the shape, by path; none where it is. */
export function misfits(data: unknown, shape: Shape, path = ''): readonly string[] {
  if (typeof shape === 'string') return shape.split(' | ').some((one) => isOf(data, one)) ? [] : [`${path} is not ${shape}`];
  if (isList(shape)) return Array.isArray(data) ? data.flatMap((one, index) => misfits(one, shape[0], `${path}/${String(index)}`)) : [`${path} is no list`];
  if (isEither(shape)) return shape.either.some((one) => misfits(data, one).length === 0) ? [] : [`${path} is not ${JSON.stringify(shape)}`];
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [`${path} is no object`];
  const given = new Map(Object.entries(data));
  const anyName = shape['*'];
  if (anyName !== undefined) return [...given].flatMap(([name, one]) => misfits(one, anyName, `${path}/${name}`));
  const fields = new Map(Object.entries(shape).map(([field, of]) => [field.replace('?', ''), { of, isOptional: field.endsWith('?') }]));
  return [
    ...[...given.keys()].filter((name) => !fields.has(name)).map((name) => `${path}/${name} is not declared`),
    ...[...fields].flatMap(([name, { of, isOptional }]) => (given.has(name) ? misfits(given.get(name), of, `${path}/${name}`) : isOptional ? [] : [`${path}/${name} is missing`])),
  ];
}

/** Whether what had the one shape before can be read as the other: fields that may be absent and words may have come, and nothing else. */
export function isWidened(before: Shape, after: Shape | undefined): boolean {
  if (after === undefined) return false;
  if (typeof before === 'string') {
    if (typeof after !== 'string') return false;
    const [were, are] = [before.split(' | '), after.split(' | ')];
    return were.every((word) => are.includes(word)) && are.every((word) => were.includes(word) || (word.startsWith("'") && were.some((one) => one.startsWith("'"))));
  }
  if (typeof after === 'string') return false;
  if (isList(before)) return isList(after) && isWidened(before[0], after[0]);
  if (isList(after)) return false;
  if (isEither(before)) return isEither(after) && before.either.length === after.either.length && before.either.every((one, index) => isWidened(one, after.either[index]));
  if (isEither(after)) return false;
  return Object.entries(before).every(([field, of]) => isWidened(of, after[field])) && Object.keys(after).every((field) => Object.hasOwn(before, field) || field.endsWith('?'));
}

function isOf(data: unknown, one: string): boolean {
  if (one === 'Instant') return typeof data === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(data);
  if (one === 'null') return data === null;
  return one.startsWith("'") ? data === one.slice(1, -1) : typeof data === one;
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isEither(shape: Shape): shape is { readonly either: readonly Shape[] } {
  return typeof shape === 'object' && 'either' in shape;
}

function declarationsIn(file: string): (readonly [string, Declaration])[] {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, DOMAIN), 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements.filter((one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one)).map((one) => [one.name.text, one] as const);
}

function interfaceNamed(declarations: ReadonlyMap<string, Declaration>, name: string): ts.InterfaceDeclaration {
  const found = declarations.get(name);
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`no interface ${name} is declared`);
  return found;
}

function nameOf(member: ts.TypeElement): string {
  return member.name?.getText() ?? '';
}

function typeOf(member: ts.TypeElement): ts.TypeNode {
  if (!ts.isPropertySignature(member) || member.type === undefined) throw new Error(`${member.getText()} has no type`);
  return member.type;
}

function shapeOf(node: ts.TypeNode, declarations: ReadonlyMap<string, Declaration>, isPartial = false): Shape {
  const inner = (one: ts.TypeNode): Shape => shapeOf(one, declarations);
  if (ts.isTypeLiteralNode(node)) return fieldsOf(node.members, declarations, isPartial);
  if (ts.isArrayTypeNode(node)) return [inner(node.elementType)];
  if (ts.isTypeOperatorNode(node) || ts.isParenthesizedTypeNode(node)) return inner(node.type);
  if (ts.isUnionTypeNode(node)) return unionOf(node.types.map(inner));
  if (!ts.isTypeReferenceNode(node)) return node.getText();
  const name = node.typeName.getText();
  const [first, second] = node.typeArguments ?? [];
  if (name === 'Instant') return name;
  if (name === 'Readonly' && first !== undefined) return inner(first);
  if (name === 'Partial' && first !== undefined) return shapeOf(first, declarations, true);
  if (name === 'Record' && second !== undefined) return { '*': inner(second) };
  const declared = declarations.get(name);
  if (declared === undefined) throw new Error(`${name} is not understood`);
  if (ts.isTypeAliasDeclaration(declared)) return inner(declared.type);
  const parents = declared.heritageClauses?.flatMap(({ types }) => types.map(({ expression }) => interfaceNamed(declarations, expression.getText()))) ?? [];
  return fieldsOf([...declared.members, ...parents.flatMap(({ members }) => [...members])], declarations, isPartial);
}

function fieldsOf(members: readonly ts.TypeElement[], declarations: ReadonlyMap<string, Declaration>, isPartial: boolean): Shape {
  const optional = (member: ts.TypeElement): string => (isPartial || member.questionToken !== undefined ? '?' : '');
  return Object.fromEntries(members.map((member) => [nameOf(member) + optional(member), shapeOf(typeOf(member), declarations)]));
}

/** Words side by side; else what it can be, one by one. */
function unionOf(shapes: readonly Shape[]): Shape {
  return shapes.every((shape) => typeof shape === 'string') ? shapes.join(' | ') : { either: shapes };
}
