/** The snapshot of a simulated engine, formed as a real one's is. */
import { Snapshot } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { listOf, objectOf } from '../snapshot/engine-json.ts';
import { containerSection, diskUseSection, engineSection, imageSection, maskSecrets, networkSection } from '../snapshot/sections.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/** What the agent of that name brings of its simulated engine: the engine's own answers, section by section. */
export function takeSimulatedSnapshot(engine: SimulatedEngine, name: string): Snapshot {
  const ask = (path: string): unknown => engine.answer(name, path);
  return {
    ...Snapshot.decode(new Uint8Array()),
    engine: engineSection(objectOf(ask('/version')), objectOf(ask('/info'))),
    containers: listOf(ask('/containers/json')).map((one) => containerSection(one, maskSecrets)),
    images: listOf(ask('/images/json')).map((one) => imageSection(one, maskSecrets)),
    networks: listOf(ask('/networks')).map((one) => networkSection(one, maskSecrets)),
    diskUse: diskUseSection(ask('/system/df')),
  };
}
