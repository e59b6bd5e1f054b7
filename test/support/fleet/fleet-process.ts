/**
 * Many real agents in one process, each with an engine of its own beside it. Reads from stdin a line that says which, then a line
 * for each report that is asked for; ends, with all agents stopped in peace, when stdin does.
 */
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { destination, pino } from 'pino';
import { runAgent } from '../../../agent/main.ts';
import { compileOptions } from '../../../agent/options.ts';
import type { FleetOrder, FleetReport } from './agent-fleet.ts';
import { startVerifiableEngine } from './verifiable-engine.ts';

const logger = pino({ level: 'info', base: null }, destination({ fd: 2, sync: true }));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = JSON.parse((await lines.next()).value ?? '{}') as FleetOrder;
const stopping = new AbortController();

const engines = await Promise.all(order.agents.map(({ name }) => startVerifiableEngine(socketOf(name), name)));
const running = order.agents.map(({ name, edgeId, edgeKey }) => {
  const options = compileOptions({ edgeId, edgeKey, edgeInsecurePoll: '1', dockerHost: `unix://${socketOf(name)}`, dataPath: path.join(order.folder, name) });
  return runAgent(options, { signal: stopping.signal, logger: logger.child({ agent: name }) });
});

for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const report: FleetReport = { report: Number(line.value), engineConnections: engines.map((engine) => engine.connections()) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
stopping.abort();
await Promise.all(running);
await Promise.all(engines.map((engine) => engine.close()));
// What gRPC tried beside the address that answered first it can't take back.
process.exit();

function socketOf(name: string): string {
  return path.join(order.folder, `${name}.sock`);
}
