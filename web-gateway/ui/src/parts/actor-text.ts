/** Who did something, in words: docs/events.md says how `actor` is written. */

/** Such as `admin`, `admin (key k3f9)`, `agent on node-1`, `Homeport`; what is not known is shown as it is. */
export function actorText(actor: string | null): string {
  if (actor === null) return 'nobody known';
  const [, user, key] = /^user:(.+?)(?:\/key:(.+))?$/.exec(actor) ?? [];
  if (user !== undefined) return key === undefined ? user : `${user} (key ${key})`;
  const [, node] = /^agent:[^/]*\/(.+)$/.exec(actor) ?? [];
  if (node !== undefined) return `agent on ${node}`;
  if (actor.startsWith('agent:')) return 'an agent';
  return actor.startsWith('system:') ? 'Homeport' : actor;
}

/** What somebody types as an actor, as the record has it: a bare name is a user's. */
export function actorTyped(text: string): string {
  const typed = text.trim();
  return typed === '' || typed.includes(':') ? typed : `user:${typed}`;
}
