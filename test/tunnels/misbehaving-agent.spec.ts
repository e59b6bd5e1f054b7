/** An agent that was let in and then breaks the protocol: it harms its own tunnel at most. */
import http2 from 'node:http2';
import { expect } from 'chai';
import { writeChannelMessage, type OutgoingChannelMessage } from '../../proto/channel-codec.ts';
import { OpenRequest, OpenResponse } from '../../proto/generated/homeport/tunnel/v1/tunnel.ts';
import { TunnelError } from '../../services/tunnels/port.ts';
import { grpcMessage } from '../support/http2-frames.ts';
import { knownBytes } from '../support/fleet/known-bytes.ts';
import { again, createDice, takeSeed } from '../support/fleet/seed.ts';
import { startControlPlane, type TestControlPlane } from './support/control-plane.ts';
import { GOOD_SECRET } from './support/test-gate.ts';

const [OPEN, CHANNEL] = ['/homeport.tunnel.v1.TunnelService/Open', '/homeport.tunnel.v1.TunnelService/Channel'];

describe('an agent that breaks the protocol', () => {
  let controlPlane: TestControlPlane;
  let session: http2.ClientHttp2Session;
  let open: http2.ClientHttp2Stream;

  beforeEach(async () => {
    controlPlane = await startControlPlane();
    session = http2.connect(`https://127.0.0.1:${controlPlane.port}`, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    open = call(OPEN);
    const ready = new Promise((resolve) => Object.assign(controlPlane.gate, { ready: resolve }));
    const hello = { environmentId: 'e1', credentialsId: 'c1', secret: GOOD_SECRET, instanceId: 'i1' };
    open.write(grpcMessage(OpenRequest.encode({ message: { $case: 'hello', value: hello } }).finish()));
    await ready;
  });
  afterEach(async () => {
    session.destroy();
    await controlPlane.close();
  });

  function call(path: string): http2.ClientHttp2Stream {
    return session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => undefined);
  }

  /** Dials, and opens the channel that was dialled; both ends of it. */
  async function dial() {
    const asked = new Promise<Uint8Array>((resolve) => {
      open.on('data', function look(bytes: Buffer) {
        for (let at = 0; at < bytes.length; ) {
          const end = at + 5 + bytes.readUInt32BE(at + 1);
          const { message } = OpenResponse.decode(bytes.subarray(at + 5, end));
          if (message?.$case === 'dial') {
            open.off('data', look);
            resolve(message.value.token);
          }
          at = end;
        }
      });
    });
    const dialled = controlPlane.dial();
    const token = await asked;
    const channel = call(CHANNEL);
    say(channel, { kind: 'token', token });
    return { mine: channel, theirs: await dialled };
  }

  function say(channel: http2.ClientHttp2Stream, message: OutgoingChannelMessage): void {
    writeChannelMessage(channel, message, () => undefined);
  }
  const text = (letters: string): OutgoingChannelMessage => ({ kind: 'data', chunks: [Buffer.from(letters)], length: letters.length });

  for (const [what, messages] of Object.entries({
    'bytes after the end': [text('whole'), { kind: 'eof' }, text('late')],
    'the end twice': [text('whole'), { kind: 'eof' }, { kind: 'eof' }],
    'a reset after the end': [text('whole'), { kind: 'eof' }, { kind: 'reset', reason: 'late' }],
    'its token once more': [{ kind: 'token', token: Buffer.alloc(16) }, text('whole'), { kind: 'eof' }],
  } satisfies Record<string, OutgoingChannelMessage[]>)) {
    it(`and says ${what} has said what came before, and no more`, async () => {
      const { mine, theirs } = await dial();
      let got = '';
      theirs.on('data', (chunk: Buffer) => (got += chunk.toString()));
      // With or without an error: that is the next question.
      const errors: unknown[] = [];
      theirs.on('error', (error) => errors.push(error));
      const over = new Promise((resolve) => theirs.once('end', resolve).once('close', resolve));
      for (const message of messages) say(mine, message);
      await over;
      expect(got).to.equal('whole');
      theirs.destroy();
      if (!theirs.closed) await new Promise((resolve) => theirs.once('close', resolve));
      for (const error of errors) expect(error).to.be.instanceOf(TunnelError).with.property('code', 'channel-reset');
      // The tunnel is as good as before.
      (await dial()).theirs.destroy();
    });
  }

  it('with garbage on its channels and its Open loses these, and nobody else anything', async () => {
    const seed = takeSeed();
    const dice = createDice(seed, 'misbehaving');
    try {
      for (let turn = 0; turn < 40; turn += 1) {
        const { mine, theirs } = await dial();
        const closed = new Promise((resolve) => theirs.resume().once('close', resolve));
        const garbage = knownBytes(String(dice(2 ** 31)), 1 + dice(2000));
        mine.end(dice(2) === 0 ? garbage : grpcMessage(garbage, { isCompressed: dice(2) === 0 }));
        theirs.end();
        await closed;
      }
      const ended = controlPlane.gate.lossCount(1);
      open.write(grpcMessage(knownBytes(String(seed), 500)));
      open.end(Buffer.from([0, 255, 255, 255, 255]));
      await ended;
    } catch (error) {
      throw new Error(again(seed), { cause: error });
    }
  });
});
