/** One process of a fleet: runs its share of the agents, and ends with its parent. */
import { setTimeout as delay } from 'node:timers/promises';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { pino } from 'pino';
import { parseFingerprint } from '../../proto/fingerprint.ts';
import { apiAddress, parseJoinToken } from '../../proto/join-token.ts';
import type { JoinToken } from '../../proto/join-token.ts';
import { accessByAuthorities, accessByBinding } from '../connection/api-access.ts';
import { createTunnelAccess } from '../connection/tunnel-access.ts';
import { POLL_TIMING } from '../polls/poll-loop.ts';
import { countConnections } from './connection-counter.ts';
import type { FleetAnswer, FleetOrder, FleetQuestion, FleetTrust } from './fleet-messages.ts';
import { createFleetTally } from './fleet-tally.ts';
import { runSimulatedAgent } from './simulated-agent.ts';
import type { FleetParts } from './simulated-agent.ts';
import { createSimulatedEngine } from './simulated-engine.ts';

/** How long agents may take to say goodbye. */
const GOODBYE_MS = 5000;

setLogVerbosity(logVerbosity.NONE);
const connections = countConnections();
const tally = createFleetTally();
const engine = createSimulatedEngine();
const agents: { readonly stopping: AbortController; readonly ended: Promise<void> }[] = [];

function run({ agents: identities, trust, joinMs }: FleetOrder): void {
  const parts: FleetParts = {
    access: once(({ token, fingerprints }) => accessTo(trust, token, fingerprints)),
    tunnelAccess: once(({ fingerprints }) => createTunnelAccess(() => fingerprints, () => undefined)),
    engine,
    timing: { ...POLL_TIMING, startJitterMs: joinMs },
    tally,
    logger: pino({ level: 'silent' }),
  };
  for (const { name, edgeId, joinToken, bringsSnapshots } of identities) {
    const stopping = new AbortController();
    const ended = runSimulatedAgent({ name, edgeId, token: parseJoinToken(joinToken), bringsSnapshots }, parts, stopping.signal);
    agents.push({ stopping, ended });
  }
}

function accessTo(trust: FleetTrust, token: JoinToken, fingerprints: readonly Uint8Array[]): ReturnType<typeof accessByAuthorities> {
  const target = apiAddress(token);
  return trust.kind === 'authorities' ? accessByAuthorities(target, undefined, trust.caPem) : accessByBinding(target, undefined, () => fingerprints);
}

/** Made once for all agents of one control plane: what a certificate is checked by weighs more than an agent. */
function once<Access>(make: (of: { readonly token: JoinToken; readonly fingerprints: readonly Uint8Array[] }) => Access): (token: JoinToken) => Access {
  const made = new Map<string, Access>();
  return (token) => {
    const key = `${token.apiUrl}|${token.tunnelFingerprint}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const fingerprint = parseFingerprint(token.tunnelFingerprint);
    if (fingerprint === undefined) throw new Error('the join token is broken');
    const access = make({ token, fingerprints: [fingerprint] });
    made.set(key, access);
    return access;
  };
}

async function stop(): Promise<void> {
  for (const { stopping } of agents) stopping.abort();
  await Promise.race([Promise.all(agents.map(({ ended }) => ended)), delay(GOODBYE_MS, undefined, { ref: false })]);
  engine.close();
}

async function respond(question: FleetQuestion): Promise<FleetAnswer> {
  switch (question.kind) {
    case 'run':
      run(question.order);
      return { kind: 'running' };
    case 'figures':
      return { kind: 'figures', figures: { counts: tally.counts(), bytes: connections.bytes(), attempts: connections.takeAttempts() } };
    case 'stop':
      await stop();
      return { kind: 'stopped' };
  }
}

// Ctrl-C reaches every process of the terminal: the parent says when to stop.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (question: FleetQuestion) => void respond(question).then((answer) => process.send?.(answer)));
