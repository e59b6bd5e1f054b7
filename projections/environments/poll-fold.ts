/** Folds polls in memory, so that a batch writes one row per agent and not one per poll. */
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../../services/domain/events.ts';

interface LastPoll {
  readonly environmentId: string;
  readonly instanceId: string;
  sequence: number;
  at: Instant | null;
}

/** The last polls of the instances known by AgentSeen; polls of any other leave no trace. */
export interface PollFold {
  /** An instance is known from this event on, under this key and on this node. */
  add(agent: { readonly environmentId: string; readonly instanceId: string; readonly agentKey: string; readonly node: string }): void;
  drop(environmentId: string, instanceId: string): void;
  dropEnvironment(environmentId: string): void;
  /** Sequences up to this one are accounted for: recorded, or where `at` is null counted as lost. */
  account(environmentId: string, instanceId: string, sequence: number, at: Instant | null): void;
  write(): void;
  committed(): void;
}

/** Creates the fold over the table agent_polls. `onChange` is told the environments whose rows a batch changes. */
export function createPollFold(database: DatabaseSync, onChange: (environmentId: string) => void): PollFold {
  const insert = database.prepare(
    `INSERT INTO agent_polls (environmentId, instanceId, agentKey, node, lastSequence) VALUES (?, ?, ?, ?, 0)
      ON CONFLICT DO UPDATE SET agentKey = excluded.agentKey, node = excluded.node`,
  );
  const remove = database.prepare('DELETE FROM agent_polls WHERE environmentId = ? AND instanceId = ?');
  const removeAll = database.prepare('DELETE FROM agent_polls WHERE environmentId = ?');
  // Sequences and instants only grow, so it does not matter how polls fall into batches.
  const account = database.prepare(
    `UPDATE agent_polls SET lastSequence = max(lastSequence, ?), lastPolledAt = nullif(max(ifnull(lastPolledAt, ''), ifnull(?, '')), '')
      WHERE environmentId = ? AND instanceId = ?`,
  );
  /** Changes of which rows there are, in log order. */
  let changes: (() => void)[] = [];
  const polls = new Map<string, LastPoll>();

  const keyOf = (environmentId: string, instanceId: string) => `${environmentId}\n${instanceId}`;

  /** What an instance did before it was known, or known again, leaves no trace in the row it gets now. */
  function settle(environmentId: string, instanceId: string): void {
    const key = keyOf(environmentId, instanceId);
    const poll = polls.get(key);
    if (poll === undefined) return;
    polls.delete(key);
    onChange(environmentId);
    changes.push(() => account.run(poll.sequence, poll.at, environmentId, instanceId));
  }

  return {
    add({ environmentId, instanceId, agentKey, node }) {
      settle(environmentId, instanceId);
      changes.push(() => insert.run(environmentId, instanceId, agentKey, node));
    },

    drop(environmentId, instanceId) {
      onChange(environmentId);
      changes.push(() => remove.run(environmentId, instanceId));
    },

    dropEnvironment(environmentId) {
      onChange(environmentId);
      changes.push(() => removeAll.run(environmentId));
    },

    account(environmentId, instanceId, sequence, at) {
      const key = keyOf(environmentId, instanceId);
      const poll = polls.get(key);
      if (poll === undefined) {
        onChange(environmentId);
        polls.set(key, { environmentId, instanceId, sequence, at });
        return;
      }
      if (sequence > poll.sequence) poll.sequence = sequence;
      if (at !== null && (poll.at === null || at > poll.at)) poll.at = at;
    },

    write() {
      for (const change of changes) change();
      for (const { environmentId, instanceId, sequence, at } of polls.values()) account.run(sequence, at, environmentId, instanceId);
    },

    committed() {
      changes = [];
      polls.clear();
    },
  };
}
