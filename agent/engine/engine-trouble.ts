/** Why an engine does not answer, and what to do about it. */

/** By the system's code: the agent's own, as dials have them, and what to do. */
const TROUBLES = {
  ENOENT: ['docker-socket-missing', 'there is no Docker socket at this path; start the engine, mount its socket here, or name another in DOCKER_HOST'],
  EACCES: ['docker-socket-denied', 'the agent may not use the Docker socket; run it as a user that may'],
  ECONNREFUSED: ['docker-socket-refused', 'nothing answers on the Docker socket; start the engine'],
  other: ['docker-socket-unwell', 'the engine does not answer on its socket as it should; look at its own log'],
} as const;

export interface EngineTrouble {
  /** Stable, kebab-case. */
  readonly code: (typeof TROUBLES)[keyof typeof TROUBLES][0];
  readonly advice: string;
  /** What the system or the engine said. */
  readonly detail: string;
}

/** Whatever `readEngine` throws. */
export function engineTrouble(error: unknown): EngineTrouble {
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [code, advice] = TROUBLES[systemCode === 'ENOENT' || systemCode === 'EACCES' || systemCode === 'ECONNREFUSED' ? systemCode : 'other'];
  return { code, advice, detail: error instanceof Error ? error.message : String(error) };
}
