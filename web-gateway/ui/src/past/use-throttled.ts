/** Calls at most so often: the first at once, and of those that come too soon the last. */
import { useCallback, useEffect, useRef } from 'react';

/** @returns what calls `act`; the same for as long as the component is there */
export function useThrottled<Value>(act: (value: Value) => void, everyMs: number): (value: Value) => void {
  const latest = useRef(act);
  const waiting = useRef<{ readonly value: Value } | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  return useCallback(
    (value) => {
      if (timer.current !== undefined) {
        waiting.current = { value };
        return;
      }
      const pause = (): void => {
        timer.current = setTimeout(() => {
          timer.current = undefined;
          const due = waiting.current;
          waiting.current = undefined;
          if (due === undefined) return;
          latest.current(due.value);
          pause();
        }, everyMs);
      };
      latest.current(value);
      pause();
    },
    [everyMs],
  );
}
