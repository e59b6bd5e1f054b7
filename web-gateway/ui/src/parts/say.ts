/** Says what became of an action, in a notification. */
import { notifications } from '@mantine/notifications';
import { messageOf } from '../api/api-error.ts';

/** Long enough to be read, and to be copied. */
const FAILURE_SHOWN_MS = 12_000;

/** @param message a sentence, such as `web is stopped.` */
export function sayDone(message: string): void {
  notifications.show({ message, color: 'green' });
}

/** @param title what did not happen, such as `web could not be stopped`; the server's words follow it */
export function sayFailed(title: string, error: unknown): void {
  notifications.show({ title, message: messageOf(error), color: 'red', autoClose: FAILURE_SHOWN_MS });
}
