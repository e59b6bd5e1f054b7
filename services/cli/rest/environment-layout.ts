/** How environments are printed. */
import type { Layout } from '../output.ts';
import type { Environment } from './environments.ts';
import { snapshotLine } from './snapshot-line.ts';
import { troublesOf } from './troubles.ts';

/** For lists. */
export const LIST: Layout<Environment> = {
  columns: [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'ID', of: ({ id }) => id },
    { title: 'STATUS', of: ({ status }) => status },
    { title: 'TUNNEL', of: ({ tunnel }) => tunnel.state },
    { title: 'LAST POLL', of: ({ heartbeat }) => heartbeat.lastPolledAt },
    { title: 'TAGS', of: ({ tags }) => tags.join(',') },
    { title: 'PLATFORM', of: ({ platform }) => platform, isWide: true },
    { title: 'AGENTS', of: ({ agents }) => agents.map(({ node, version }) => `${node}@${version}`).join(','), isWide: true },
    { title: 'ADDRESS', of: ({ address }) => address, isWide: true },
    { title: 'CREATED', of: ({ createdAt }) => createdAt, isWide: true },
  ],
  name: ({ name }) => name,
  id: ({ id }) => id,
};

/** For one. */
export const ONE: Layout<Environment> = {
  ...LIST,
  columns: [
    { title: 'Name', of: ({ name }) => name },
    { title: 'Id', of: ({ id }) => id },
    { title: 'Status', of: ({ status }) => status },
    { title: 'Heartbeat', of: ({ heartbeat }) => heartbeat.state },
    { title: 'Last poll', of: ({ heartbeat }) => heartbeat.lastPolledAt },
    { title: 'Poll trouble', of: (environment) => troublesOf(environment).polls },
    { title: 'Tunnel', of: ({ tunnel }) => (tunnel.since === null ? tunnel.state : `${tunnel.state} since ${tunnel.since}`) },
    { title: 'Tunnel trouble', of: (environment) => troublesOf(environment).tunnel },
    { title: 'Snapshot', of: ({ snapshot }) => snapshotLine(snapshot) },
    { title: 'Poll interval', of: ({ pollIntervalSeconds }) => (pollIntervalSeconds === null ? 'as set for all' : `${pollIntervalSeconds} s`) },
    { title: 'Agents', of: ({ agents }) => agents.map(({ node, version }) => `${node} (${version})`).join(', ') },
    { title: 'New address', of: ({ agents }) => agents.flatMap(({ node, addressFailure: one }) => (one === null ? [] : [`${node} cannot use ${one.address} (${one.reason}) since ${one.at}, and stays where it is`])).join('; ') },
    { title: 'Platform', of: ({ platform }) => platform },
    { title: 'Edge ID', of: ({ edgeId, issuedEdgeId }) => edgeId ?? `${issuedEdgeId} (issued, not associated yet)` },
    { title: 'Barred', of: ({ barredEdgeIds }) => barredEdgeIds.join(', ') },
    { title: 'Agents refused', of: ({ association }) => association.duplicates.map(({ node, address }) => `${node} (${address}), a duplicate`).join(', ') },
    { title: 'Refused last', of: (environment) => troublesOf(environment).refused },
    { title: 'Address', of: ({ address }) => address },
    { title: 'Tunnel address', of: ({ tunnelAddress }) => tunnelAddress },
    { title: 'Tags', of: ({ tags }) => tags.join(', ') },
    { title: 'Created', of: ({ createdAt }) => createdAt },
    { title: 'Past trouble', of: (environment) => troublesOf(environment).past.join('; ') },
  ],
};
