/** What people type to run this program: in a checkout nothing puts it on their PATH. */

/** `homeport`, or `npx homeport` where npm runs it. */
export function programName(env: NodeJS.ProcessEnv = process.env): string {
  return env.npm_command === 'exec' ? 'npx homeport' : 'homeport';
}
