/** Names and what they are, in two columns; below each other where there is no room. */
import classes from './facts.module.css';

export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: React.ReactNode])[] }): React.JSX.Element {
  return (
    <dl className={classes['facts']}>
      {facts.map(([name, value], index) => (
        <div key={index} className={classes['fact']}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
