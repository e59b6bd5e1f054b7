/** A slider over time: dragged, or moved by keys (an arrow is a minute, with Shift a second; Page keys an hour, with Shift a day). */
import { Text } from '@mantine/core';
import { useState } from 'react';
import { exactText } from '../time/relative-text.ts';
import { useServerNow } from '../time/use-server-now.ts';
import { useFleetHistory } from './fleet-history.ts';
import { FleetPlot } from './fleet-plot.tsx';
import classes from './past.module.css';
import { stepByKey, type TimeWindow } from './time-window.ts';
import type { Travel } from './travel.ts';
import { useThrottled } from './use-throttled.ts';

/** No more questions than four a second, however fast it is dragged. */
const ASK_EVERY_MS = 250;

export interface TimeSliderProps {
  readonly window: TimeWindow;
  /** Undefined is now. */
  readonly atMs: number | undefined;
  readonly travel: Travel;
}

export function TimeSlider({ window, atMs, travel }: TimeSliderProps): React.JSX.Element {
  const nowMs = useServerNow();
  const history = useFleetHistory(window);
  /** Where the thumb is held, ahead of the address. */
  const [held, setHeld] = useState<{ readonly ms: number; readonly addressMs: number | undefined }>();
  const go = useThrottled((ms: number) => (ms >= window.toMs && isNow(window, nowMs) ? travel.backToNow() : travel.to(ms)), ASK_EVERY_MS);
  const shownMs = held?.ms ?? atMs ?? window.toMs;

  // The address moved: to where the thumb is, or on its way there.
  if (held !== undefined && held.addressMs !== atMs) setHeld(atMs === undefined || atMs === held.ms ? undefined : { ms: held.ms, addressMs: atMs });

  const move = (ms: number): void => {
    const bounded = ms >= nowMs ? window.toMs : ms;
    setHeld({ ms: bounded, addressMs: atMs });
    go(bounded);
  };

  return (
    <div className={classes['slider']}>
      <div className={classes['track']}>
        <FleetPlot history={history} window={window} />
        <input
          type="range"
          className={classes['range']}
          aria-label="Instant shown"
          aria-valuetext={exactText(shownMs)}
          aria-describedby="time-slider-keys"
          min={window.fromMs}
          max={window.toMs}
          step={1000}
          value={shownMs}
          onChange={(event) => move(Number(event.currentTarget.value))}
          onKeyDown={(event) => {
            const to = event.ctrlKey || event.metaKey || event.altKey ? undefined : stepByKey(event, shownMs);
            if (to === undefined) return;
            event.preventDefault();
            move(Math.max(to, to === Number.NEGATIVE_INFINITY ? window.fromMs : 0));
          }}
          onBlur={() => setHeld(undefined)}
        />
      </div>
      <div className={classes['ends']}>
        <Text span size="xs" c="dimmed">{exactText(window.fromMs)}</Text>
        <Text span size="xs" c="dimmed" visibleFrom="md" id="time-slider-keys">Arrow keys: a minute, with Shift a second. Page keys: an hour, with Shift a day.</Text>
        <Text span size="xs" c="dimmed">{isNow(window, nowMs) ? 'now' : exactText(window.toMs)}</Text>
      </div>
    </div>
  );
}

/** Whether the window ends at now: its end is cut to the minute it was made in. */
function isNow({ toMs }: TimeWindow, nowMs: number): boolean {
  return toMs >= nowMs - 60_000;
}
