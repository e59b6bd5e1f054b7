/** Ends answers of which nobody takes anything: files that everyone may ask for must not be held open by those who do not read them. */
import type { FastifyInstance } from 'fastify';

/** For the routes that are registered there after it. @param stallMs without a byte; an answer lasts up to twice as long */
export function endUnreadAnswers(app: FastifyInstance, stallMs: number): void {
  app.addHook('onSend', ({ raw: { socket } }, reply, payload, done) => {
    let written = socket.bytesWritten;
    const timer = setInterval(() => {
      if (socket.bytesWritten === written) socket.destroy();
      written = socket.bytesWritten;
    }, stallMs);
    timer.unref();
    reply.raw.once('close', () => clearInterval(timer));
    done(null, payload);
  });
}
