/** A thread that answers "echo", and dies of an error that nobody caught on "die". */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (message: { readonly kind: string; readonly ticket: number }) => {
  if (message.kind === 'die') throw new Error('out of luck');
  if (message.kind === 'echo') parentPort?.postMessage(message.ticket);
});
