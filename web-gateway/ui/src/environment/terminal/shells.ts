/** What a terminal may run in a container. */

/** For a choice of one. */
export const shells = [
  { value: 'auto', label: 'bash, or else sh' },
  { value: '/bin/bash', label: '/bin/bash' },
  { value: '/bin/sh', label: '/bin/sh' },
  { value: 'other', label: 'Another command' },
] as const;

/** Every image that has bash has sh. */
const BASH_OR_SH = ['/bin/sh', '-c', 'if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi'];

/** As words. @param typed of another command, as one types it */
export function commandOf(shell: string, typed: string): readonly string[] {
  if (shell === 'auto') return BASH_OR_SH;
  return shell === 'other' ? wordsOf(typed) : [shell];
}

/** Words between blanks; quotes hold them together. */
export function wordsOf(typed: string): readonly string[] {
  return [...typed.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');
}
