/** A text that is being typed and goes into the address when the typing pauses. */
import { useEffect, useRef, useState } from 'react';

const PAUSE_MS = 200;

/** @param said what the address says; where it changes by other means, what was typed gives way. */
export function useTypedText(said: string | undefined, say: (text: string | undefined) => void): readonly [text: string, type: (text: string) => void] {
  const [typed, setTyped] = useState({ text: said ?? '', seen: said, sent: said });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(say);
  useEffect(() => {
    latest.current = say;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  // What was sent comes back as it was typed, blanks and all.
  if (said !== typed.seen) setTyped(said === typed.sent ? { ...typed, seen: said } : { text: said ?? '', seen: said, sent: said });

  function type(text: string): void {
    clearTimeout(timer.current);
    setTyped((before) => ({ ...before, text }));
    timer.current = setTimeout(() => {
      const sent = text.trim() === '' ? undefined : text.trim();
      setTyped((before) => ({ ...before, sent }));
      latest.current(sent);
    }, PAUSE_MS);
  }
  return [typed.text, type];
}
