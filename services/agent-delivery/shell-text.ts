/** Text for POSIX shells. */

/** One word: as it is where no shell reads anything into it, else in single quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One command on several lines: the program and its first words, then each group of words on a line of its own. */
export function shellCommand(first: string, ...groups: readonly string[]): string {
  return [first, ...groups].join(' \\\n  ');
}

/** What goes into a command's stdin, line by line and unread by the shell. Throws RangeError for text that would end it early. */
export function hereDocument(lines: readonly string[]): string {
  const text = lines.join('\n');
  if (text.split('\n').includes(END)) throw new RangeError('the text holds the line that ends it');
  return `<<'${END}'\n${text}\n${END}`;
}

const END = 'HOMEPORT';
