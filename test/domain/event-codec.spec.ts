/** What any release stored is read in today's shape; the golden files hold every type and version to it. */
import { expect } from 'chai';
import { decodeEvent, isEventType, liftEvent, schemaVersions } from '../../services/domain/event-codec.ts';
import { declaredShapes, isWidened, misfits, sampleOf } from './event-shapes.ts';
import { expectedNames, goldenEvents, goldenName, type GoldenEvent } from './golden-events.ts';

describe('stored events', () => {
  const goldens = goldenEvents();
  const shapes = declaredShapes();
  const decoded = ({ type, version, data }: Pick<GoldenEvent, 'type' | 'version' | 'data'>) =>
    decodeEvent({ type, data: JSON.stringify(data), metadata: JSON.stringify({ actor: 'user:"schemaVersion":9', schemaVersion: version, recordedAt: '' }) });

  it('have a golden file for each type and version, and no golden file is of anything else (node test/domain/golden-events.ts writes missing ones)', () => {
    expect([...goldens.keys()].toSorted()).to.deep.equal(expectedNames());
    for (const [name, { type, version }] of goldens) expect(goldenName(type, version)).to.equal(name);
    expect([...shapes.keys()].toSorted()).to.deep.equal(Object.keys(schemaVersions).toSorted());
  });

  it('have the shape of their golden file, but for words and optional fields that came: a change of what was published is a new version, with an upcaster', () => {
    for (const golden of goldens.values()) {
      const name = goldenName(golden.type, golden.version);
      expect(misfits(golden.data, golden.shape), name).to.deep.equal([]);
      const declared = shapes.get(golden.type);
      const isNewest = isEventType(golden.type) && golden.version === schemaVersions[golden.type];
      if (isNewest && !isWidened(golden.shape, declared)) expect(declared, name).to.deep.equal(golden.shape);
    }
  });

  it('are read in the newest shape, whatever their version, and written again as they were read', () => {
    for (const golden of goldens.values()) {
      const { type, version, data, lifted } = golden;
      const name = goldenName(type, version);
      const event = decoded(golden);
      if (event === undefined) throw new Error(`${name} is not read`);
      expect(misfits(event.data, shapes.get(event.type) ?? 'null'), name).to.deep.equal([]);
      expect(decoded({ type, version: schemaVersions[event.type], data: event.data }), name).to.deep.equal(event);
      if (version === schemaVersions[event.type]) expect(JSON.stringify(event.data), name).to.equal(JSON.stringify(data));
      else expect(liftEvent(event.type, version, data), name).to.deep.equal(lifted);
    }
  });

  it('are passed over where a newer release or another program wrote them', () => {
    expect(decoded({ type: 'SomethingElse', version: 1, data: {} })).to.equal(undefined);
    expect(decoded({ type: 'toString', version: 1, data: {} })).to.equal(undefined);
    expect(decoded({ type: 'AgentPolled', version: 2, data: {} })).to.equal(undefined);
  });

  it('without a version are of the first', () => {
    const data = JSON.stringify({ at: '2026-01-31T12:00:00.000Z', environmentId: 'a' });
    expect(decodeEvent({ type: 'HeartbeatRestored', data, metadata: '' })?.data).to.deep.equal({ ...(JSON.parse(data) as object), lostAt: null });
  });

  it('show a change of shape', () => {
    const shape = shapes.get('TunnelOpened') ?? 'null';
    const sample = sampleOf(shape) as Record<string, unknown>;
    expect(misfits(sample, shape)).to.deep.equal([]);
    expect(misfits({ ...sample, more: 1 }, shape)).to.deep.equal(['/more is not declared']);
    expect(misfits({ ...sample, epoch: 1 }, shape)).to.deep.equal(['/epoch is not string']);
    const { epoch: _epoch, ...less } = sample;
    expect(misfits(less, shape)).to.deep.equal(['/epoch is missing']);
    expect(misfits({ ...sample, at: 'yesterday' }, shape)).to.deep.equal(['/at is not Instant']);
    expect(isWidened({ a: "'x' | 'y'", b: ['string'] }, { a: "'x' | 'y' | 'z'", b: ['string'], 'c?': 'number' })).to.equal(true);
    for (const other of [{ a: 'string' }, { a: 'Instant | null' }, { b: 'Instant' }, { a: 'Instant', b: 'number' }, ['Instant'] as const]) {
      expect(isWidened({ a: 'Instant' }, other), JSON.stringify(other)).to.equal(false);
    }
  });
});
