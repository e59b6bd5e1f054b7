/** A fleet's figures: how they are counted, and how those of several processes become one. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { createAttemptRate } from '../../agent/fleet/attempt-rate.ts';
import { ATTEMPT_BIN_MS, countConnections } from '../../agent/fleet/connection-counter.ts';
import { createLatencyHistogram, latencyQuantile } from '../../agent/fleet/latency-histogram.ts';

describe("a fleet's figures", () => {
  it('tell quantiles of latencies to within a bucket, over several processes', () => {
    const [one, other] = [createLatencyHistogram(), createLatencyHistogram()];
    for (let ms = 1; ms <= 500; ms++) one.record(ms);
    for (let ms = 501; ms <= 1000; ms++) other.record(ms);
    const counts = one.counts().map((count, bucket) => count + (other.counts()[bucket] ?? 0));
    expect(latencyQuantile(counts, 0.5)).to.be.within(500, 540);
    expect(latencyQuantile(counts, 0.99)).to.be.within(990, 1070);
    expect(latencyQuantile(createLatencyHistogram().counts(), 0.5)).to.equal(null);
  });

  it('hold latencies of no time at all and of hours', () => {
    const histogram = createLatencyHistogram();
    histogram.record(0);
    histogram.record(7_200_000);
    expect(histogram.counts().reduce((sum, count) => sum + count)).to.equal(2);
    expect(latencyQuantile(histogram.counts(), 0.5)).to.be.lessThan(0.1);
  });

  it('name the fullest five seconds of connection attempts, wherever a period ends', () => {
    const rate = createAttemptRate();
    const bin = (second: number): number => (second * 1000) / ATTEMPT_BIN_MS;
    // 100 a second from the 8th to the 12th second, around the end of the first period.
    rate.add([8, 9].map((second) => [bin(second), 100] as const));
    expect(rate.takeHighest(10_000)).to.equal(40);
    rate.add([10, 11, 12].map((second) => [bin(second), 100] as const));
    rate.add([[bin(12), 50]]);
    expect(rate.takeHighest(20_000)).to.equal(110);
    expect(rate.takeHighest(30_000)).to.equal(0);
  });

  it('count the bytes and the attempts of every connection, also of those that are closed', async () => {
    const counter = countConnections();
    const server = createServer((socket) => socket.end('four')).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1');
      socket.end('seven..').resume();
      await once(socket, 'close');
      expect(counter.bytes()).to.equal(11);
      expect(counter.takeAttempts().map(([, count]) => count)).to.deep.equal([1]);
      expect(counter.takeAttempts()).to.deep.equal([]);
    } finally {
      counter.stop();
      server.close();
    }
  });
});
