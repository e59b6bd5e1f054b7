// Prints an environment's history from a running Homeport, then goes on live.
// npm install @eventstore/db-client && node history.mjs 'esdb://NAME:API_KEY@HOST:2113?tlsCAFile=ca.pem' ENVIRONMENT_ID
import console from 'node:console';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreDBClient, START, streamNameFilter } from '@eventstore/db-client';

const [connectionString, environment] = process.argv.slice(2);
if (environment === undefined) throw new Error('usage: node history.mjs esdb://NAME:API_KEY@HOST:PORT?tlsCAFile=FILE ENVIRONMENT_ID');

const client = EventStoreDBClient.connectionString(connectionString);
const prefixes = [`environment-${environment}`, `tunnel-${environment}`, `snapshots-${environment}`];

let from = START;
for (;;) {
  const subscription = client.subscribeToAll({ fromPosition: from, filter: streamNameFilter({ prefixes }) });
  subscription.on('caughtUp', () => console.log('-- live --'));
  try {
    for await (const { event } of subscription) {
      if (event === undefined) continue;
      from = event.position;
      console.log(event.created.toISOString(), event.type, event.metadata.actor ?? '', JSON.stringify(event.data));
    }
  } catch (error) {
    // A connection that was lost is begun anew where it ended; a wrong name or key is not.
    if (error.type !== 'unavailable' && error.type !== 'timeout' && error.code !== 14) throw error;
  }
  await wait(1000);
}
