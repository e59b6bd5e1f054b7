/** What is said of a loopback address, by the forms that take one. */

/** The box that allows it. */
export const LOOPBACK_BOX = 'The agent runs on this server’s machine';

/** Why it is refused. @param isBoxShown whether the form offers {@link LOOPBACK_BOX} now */
export function loopbackRefused(isBoxShown: boolean): Readonly<Record<'loopback-address', string>> {
  return { 'loopback-address': `Agents on other machines cannot reach a loopback address. Give the address they can call${isBoxShown ? `, or tick “${LOOPBACK_BOX}”` : ''}.` };
}
