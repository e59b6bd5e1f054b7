/** How much of an engine's answer the web UI takes. */
import { expect } from 'chai';
import { answerText } from '../../web-gateway/ui/src/api/answer-text.ts';

describe('an engine’s answer to the web UI', () => {
  it('is read whole up to the bound, wherever its pieces end', async () => {
    const bytes = new TextEncoder().encode('größer');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await answerText(new Response(body), bytes.length)).to.equal('größer');
    expect(await answerText(new Response(null))).to.equal('');
  });

  it('that never ends is read no further than the bound, and said to be too large', async () => {
    let told = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        told += 1;
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
      cancel: () => void (isCancelled = true),
    });
    const failure = await answerText(new Response(endless), 1_000_000).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'answer-too-large' }).and.have.property('message').that.contains('1.00 MB');
    expect(isCancelled).to.equal(true);
    expect(told).to.be.at.most(18);
  });
});
