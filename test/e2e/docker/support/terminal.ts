/** A command on a real terminal: Debian's own `script` makes it, `stty` resizes it, and its Ctrl-C is the terminal's. */
import type { RunningProcess } from '../../../support/child-process.ts';
import { runProcess, startProcess } from '../../../support/child-process.ts';

export interface Terminal {
  readonly process: RunningProcess;
  /** Types text. */
  type(text: string): void;
  /** Gives the terminal another size, as dragging its window does: the kernel tells what runs on it. */
  resize(columns: number, rows: number): Promise<void>;
}

/** Types Ctrl-C. */
export const CTRL_C = '\x03';

/** Starts a command on a terminal of 80 × 24. `script` ends with the command's exit code. */
export async function startOnTerminal(command: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Terminal> {
  const line = `stty cols 80 rows 24; echo "terminal=$(tty)"; exec ${command.map(quoted).join(' ')}`;
  const process = startProcess('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], { env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' } });
  const [, device = ''] = await process.waitFor(/terminal=(\/dev\/\S+)/).catch(async (error: unknown) => {
    await process.stop('SIGKILL');
    throw error;
  });
  return {
    process,
    type: (text) => process.write(text),
    async resize(columns, rows) {
      const { code, stderr } = await runProcess('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)]);
      if (code !== 0) throw new Error(`stty failed: ${stderr}`);
    },
  };
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
