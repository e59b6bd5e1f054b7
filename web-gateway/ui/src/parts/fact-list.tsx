/** Names and values, all of them, for who wants to know exactly. */
import { Code } from '@mantine/core';
import { isValidElement } from 'react';
import classes from './fact-list.module.css';

/** A value that is neither text nor an element is shown as JSON. */
export function FactList({ facts }: { readonly facts: readonly (readonly [name: string, value: unknown])[] }): React.JSX.Element {
  return (
    <dl className={classes['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{isValidElement(value) ? value : isText(value) ? String(value) : <Code block={isLong(value)}>{JSON.stringify(value, null, isLong(value) ? 2 : 0)}</Code>}</dd>
        </div>
      ))}
    </dl>
  );
}

function isText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isLong(value: unknown): boolean {
  return JSON.stringify(value).length > 60;
}
