import { expect } from 'chai';
import { EventStoreError } from '../../../services/event-store/port.ts';
import { startStoreThread, type StoreThread } from '../../../services/event-store/sqlite/thread.ts';

interface Message {
  readonly kind: 'echo' | 'silence' | 'die';
  readonly ticket: number;
}

describe('a thread of the store that dies', () => {
  it('fails what was asked of it before and after, once, and does not keep anyone waiting', async () => {
    const ends: EventStoreError[] = [];
    const thread: StoreThread<Message> = startStoreThread<Message, number>({
      url: new URL('./failing-thread.ts', import.meta.url),
      name: 'thread that fails',
      workerData: undefined,
      onMessage: (ticket) => thread.resolve(ticket, 'answered'),
      onEnd: (error) => ends.push(error),
    });
    const ask = (kind: Message['kind']): Promise<unknown> => {
      const { ticket, answer } = thread.request<unknown>();
      thread.send({ kind, ticket });
      return answer.catch((error: unknown) => error);
    };
    expect(await ask('echo')).to.equal('answered');
    const outcomes = await Promise.all([ask('silence'), ask('die')]);
    const late = await ask('echo');
    for (const outcome of [...outcomes, late]) {
      expect(outcome).to.be.instanceOf(EventStoreError);
      expect((outcome as EventStoreError).code).to.equal('event-store-unavailable');
      expect((outcome as EventStoreError).message).to.contain('out of luck');
    }
    await thread.close({ kind: 'silence', ticket: 0 });
    expect(ends).to.have.lengthOf(1);
  });
});
