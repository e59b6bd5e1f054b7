/** When two names of environments are the same name. */

/** A name as it is compared: without regard to case and to how accents are composed. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
