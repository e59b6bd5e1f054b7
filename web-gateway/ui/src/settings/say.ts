/** Says what became of an action. */
import { notifications } from '@mantine/notifications';
import { messageOf } from '../api/api-error.ts';

export function sayDone(message: string): void {
  notifications.show({ message, color: 'green' });
}

export function sayFailed(error: unknown): void {
  notifications.show({ title: 'That did not work', message: messageOf(error), color: 'red', autoClose: 12_000 });
}
