/** Quantities in the units that people use: a value in whole base units as a number and a unit, and back. */

/** A unit that people use. */
export interface Unit {
  /** Such as `min`. */
  readonly label: string;
  /** In base units. */
  readonly size: number;
}

/** Of seconds; each list from the smallest. */
export const SECONDS: readonly Unit[] = [
  { label: 's', size: 1 },
  { label: 'min', size: 60 },
  { label: 'h', size: 3600 },
  { label: 'days', size: 86_400 },
];
/** Of hours. */
export const HOURS: readonly Unit[] = [
  { label: 'h', size: 1 },
  { label: 'days', size: 24 },
];
/** Of days. */
export const DAYS: readonly Unit[] = [{ label: 'days', size: 1 }];
/** Of bytes, from MiB. */
export const BYTES: readonly Unit[] = [
  { label: 'MiB', size: 2 ** 20 },
  { label: 'GiB', size: 2 ** 30 },
  { label: 'TiB', size: 2 ** 40 },
];
/** Of events. */
export const COUNT: readonly Unit[] = [
  { label: 'events', size: 1 },
  { label: 'thousand', size: 1000 },
  { label: 'million', size: 1_000_000 },
];

/** The largest unit in which the value is whole; the smallest where it is whole in none. */
export function unitOf(value: number, units: readonly Unit[]): Unit {
  const whole = units.findLast(({ size }) => value >= size && value % size === 0);
  const [smallest = { label: '', size: 1 }] = units;
  return whole ?? smallest;
}

/** Such as `5 min`. */
export function quantityText(value: number, units: readonly Unit[]): string {
  const { label, size } = unitOf(value, units);
  const number = value / size;
  return `${number} ${number === 1 && label === 'days' ? 'day' : label}`;
}
