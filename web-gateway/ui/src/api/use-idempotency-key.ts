/** The Idempotency-Key of a form that creates something. */
import { useRef } from 'react';

/**
 * @returns what gives the key of a request by its body: the same body has the same key, so that one whose answer was lost makes nothing
 * twice; another body is another request.
 */
export function useIdempotencyKey(): (body: unknown) => string {
  const last = useRef({ text: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.key === '' || last.current.text !== text) last.current = { text, key: crypto.randomUUID() };
    return last.current.key;
  };
}
