/** Values of settings as people write and read them, by the unit in a setting's name. */
import { misuse } from './cli-error.ts';

export type SettingValue = string | number | boolean | readonly string[];

/** In seconds, or bytes. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const DURATION_UNITS = ['d', 'h', 'm', 's'];
const SIZE_UNITS = ['TiB', 'GiB', 'MiB', 'KiB'];

/** What one unit of the setting is, in seconds or bytes, and which units may be written instead. */
function unitOf(name: string): { readonly one: number; readonly units: readonly string[] } | undefined {
  if (name.endsWith('Seconds')) return { one: 1, units: DURATION_UNITS };
  if (name.endsWith('Hours')) return { one: 3600, units: DURATION_UNITS };
  if (name.endsWith('Days')) return { one: 86_400, units: DURATION_UNITS };
  return /Bytes/.test(name) ? { one: 1, units: SIZE_UNITS } : undefined;
}

/**
 * Reads what was typed for a setting, whose value now says what kind it is: `10`, `5m` for one in seconds, `30d` for one in days, `2GiB` for
 * one in bytes, `true`, `a,b` for a list, and nothing for an empty one. The server judges what it may be. Throws a misuse for what is nothing of the kind.
 */
export function parseSetting(name: string, text: string, now: SettingValue): SettingValue {
  if (typeof now === 'string') return text;
  if (typeof now === 'object') return text.split(',').map((one) => one.trim()).filter((one) => one !== '');
  if (typeof now === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw misuse(`${name} is ${text}: give true or false`);
  }
  const unit = unitOf(name);
  const [, digits, suffix = ''] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? [];
  const isUnit = suffix === '' || (unit?.units.includes(suffix) ?? false);
  const value = Number(digits) * (suffix === '' ? 1 : (UNITS[suffix] ?? Number.NaN) / (unit?.one ?? 1));
  if (isUnit && Number.isSafeInteger(value)) return value;
  const example = unit === undefined ? 'a whole number' : `a whole number, or one with ${unit.units.join(', ')}`;
  throw misuse(`${name} is ${text}: give ${example}`);
}

/** A value with what it is in the largest unit that fits: `300 (5m)`. */
export function readableSetting(name: string, value: SettingValue): string {
  const unit = unitOf(name);
  if (typeof value === 'object') return value.join(',');
  if (typeof value !== 'number' || value === 0 || unit === undefined) return String(value);
  const base = value * unit.one;
  const fitting = unit.units.find((one) => (UNITS[one] ?? 0) > unit.one && base % (UNITS[one] ?? 1) === 0);
  return fitting === undefined ? String(value) : `${String(value)} (${String(base / (UNITS[fitting] ?? 1))}${fitting})`;
}
