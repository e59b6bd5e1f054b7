/** Where a command comes from. */

/** Where a command comes from; copied into the metadata of each event it causes. */
export interface CommandContext {
  /** Who: `user:<username>`, `user:<username>/key:<id>`, `agent:<environment id>/<node>` or `system:<control-plane node>`. */
  readonly actor: string;
  /** UUID that ties a request to all it causes. */
  readonly correlationId: string;
  /** The id of the event that caused this, where one did. */
  readonly causationId?: string;
}
