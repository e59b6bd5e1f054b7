/** Codes as the sources declare them: read from the syntax, since types are gone when tests run. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file, by its path in the repository. */
export function sourceText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The literals of a union type, those of the unions that it names in the same file included. */
export function codesOf(file: string, alias: string): readonly string[] {
  const declared = statementsOf(file).filter(ts.isTypeAliasDeclaration);
  const found = declared.find(({ name }) => name.text === alias);
  if (found === undefined) throw new Error(`${file} declares no type ${alias}`);
  return (ts.isUnionTypeNode(found.type) ? [...found.type.types] : [found.type]).flatMap((member) => {
    if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) return [member.literal.text];
    const name = member.getText();
    return declared.some((other) => other.name.text === name) ? codesOf(file, name) : [];
  });
}

/** The names and the texts of the values of a constant object. */
export function entriesOf(file: string, constant: string): Readonly<Record<string, string>> {
  const declarations = statementsOf(file)
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  const value = declarations.find(({ name }) => name.getText() === constant)?.initializer;
  const object = value !== undefined && ts.isAsExpression(value) ? value.expression : value;
  if (object === undefined || !ts.isObjectLiteralExpression(object)) throw new Error(`${file} has no constant object ${constant}`);
  const properties = object.properties.filter(ts.isPropertyAssignment);
  return Object.fromEntries(properties.map(({ name, initializer }) => [name.getText().replaceAll("'", ''), initializer.getText()]));
}

/** What a pattern's first group matches in the sources that a glob names. */
export function codesIn(files: string, pattern: RegExp): readonly string[] {
  const found = globSync(files, { cwd: root }).flatMap((file) => [...sourceText(file).matchAll(pattern)].map(([, code = '']) => code));
  return [...new Set(found)];
}

/** The titles of a file's tests, also of those that it keeps in an object, each by its title; … stands for what a title is made with. */
export function testTitles(file: string): readonly string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'it') {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      if (title !== undefined && ts.isTemplateExpression(title)) titles.push([title.head.text, ...title.templateSpans.map(({ literal }) => literal.text)].join('…'));
    }
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name) && ts.isArrowFunction(node.initializer)) titles.push(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return titles;
}

function statementsOf(file: string): readonly ts.Statement[] {
  return parse(file).statements;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, sourceText(file), ts.ScriptTarget.Latest, true);
}
