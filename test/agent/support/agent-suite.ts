/** What every suite with a running agent needs: a folder, an engine, a control plane, and an end to all of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GivenOptions } from '../../../agent/options.ts';
import { startAgent } from './agent-under-test.ts';
import type { RunningAgent } from './agent-under-test.ts';
import { startControlPlane } from './control-plane-double.ts';
import type { ControlPlaneDouble } from './control-plane-double.ts';
import { startEngine } from './engine-double.ts';
import type { EngineDouble } from './engine-double.ts';

export interface AgentSuite {
  readonly folder: string;
  readonly socketPath: string;
  readonly controlPlane: ControlPlaneDouble;
  readonly engine: EngineDouble;
  /** Starts an agent with the control plane's token, its CA, the engine's socket, and a DATA_PATH in the folder, unless told otherwise. */
  agent(given?: GivenOptions, timing?: Parameters<typeof startAgent>[1]): RunningAgent;
  /** Runs after the test, before the rest goes. */
  after(cleanUp: () => unknown): void;
}

/** Sets it up before each test of the enclosing suite. Returns how to ask for it. */
export function agentSuite(): () => AgentSuite {
  let suite: AgentSuite | undefined;
  let cleanUps: (() => unknown)[] = [];

  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homeport-'));
    const socketPath = join(folder, 'docker.sock');
    const controlPlane = await startControlPlane(folder);
    const engine = await startEngine(socketPath);
    const after = (cleanUp: () => unknown): void => void cleanUps.unshift(cleanUp);
    after(() => rmSync(folder, { recursive: true, force: true }));
    after(() => engine.close());
    after(() => controlPlane.stop());
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, controlPlane.certificate.caPem);
    suite = {
      folder,
      socketPath,
      controlPlane,
      engine,
      after,
      agent(given = {}, timing = {}) {
        const isByAuthority = !('edgeInsecurePoll' in given) && !('edgeCaFile' in given);
        const running = startAgent(
          { edgeKey: controlPlane.joinToken(), dockerHost: `unix://${socketPath}`, dataPath: join(folder, 'agent'), ...(isByAuthority ? { edgeCaFile: caFile } : {}), ...given },
          timing,
        );
        after(() => running.stop());
        return running;
      },
    };
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
    cleanUps = [];
  });

  return () => {
    if (suite === undefined) throw new Error('only within a test');
    return suite;
  };
}
