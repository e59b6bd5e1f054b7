/** The time machine's controls: a slider over the fleet's history, an exact instant, and steps from event to event. */
import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { messageOf } from '../api/api-error.ts';
import { useServerNow } from '../time/use-server-now.ts';
import { useFirstInstantMs } from './fleet-history.ts';
import { InstantInput } from './instant-input.tsx';
import { neighbourEvent, type Side } from './neighbour-event.ts';
import { usePastInstant } from './past-instant.ts';
import { TimeSlider } from './time-slider.tsx';
import { holds, SPANS, windowAround, type SpanLabel, type TimeWindow } from './time-window.ts';
import { useTravel } from './travel.ts';

const DAY_MS = 86_400_000;

export function TimeMachine(): React.JSX.Element {
  const instant = usePastInstant();
  const { id } = useParams({ strict: false });
  const travel = useTravel();
  const nowMs = useServerNow();
  const firstMs = useFirstInstantMs() ?? nowMs - DAY_MS;
  const atMs = instant === undefined ? undefined : Date.parse(instant);
  const shownMs = atMs ?? nowMs;
  const [span, setSpan] = useState<SpanLabel>('1 day');
  const window = useSteadyWindow(shownMs, span, firstMs, nowMs);
  const step = useMutation({
    mutationFn: (side: Side) => neighbourEvent(side, shownMs, id),
    onSuccess(found) {
      if (found !== undefined) travel.to(found);
    },
  });
  const none = step.isSuccess && step.data === undefined ? `There is no ${step.variables === 'next' ? 'later' : 'earlier'} event.` : '';

  return (
    <Stack gap="xs">
      <TimeSlider window={window} atMs={atMs} travel={travel} />
      <Group gap="sm" align="flex-end">
        <SegmentedControl size="xs" aria-label="How much time the slider spans" data={SPANS.map(({ label }) => label)} value={span} onChange={(label) => setSpan(label)} />
        <InstantInput atMs={shownMs} onInstant={travel.to} />
        <Button.Group>
          <Button size="xs" variant="default" leftSection={<IconChevronLeft size={14} aria-hidden />} loading={step.isPending && step.variables === 'previous'} onClick={() => step.mutate('previous')}>Previous event</Button>
          <Button size="xs" variant="default" rightSection={<IconChevronRight size={14} aria-hidden />} loading={step.isPending && step.variables === 'next'} disabled={atMs === undefined} onClick={() => step.mutate('next')}>Next event</Button>
        </Button.Group>
        <Text size="xs" role="status">{step.isError ? messageOf(step.error) : none}</Text>
      </Group>
    </Stack>
  );
}

/** Follows now where the instant is of the span before it; else it stays where it is until the instant leaves it, or it would run away under the thumb. */
function useSteadyWindow(atMs: number, span: SpanLabel, firstMs: number, nowMs: number): TimeWindow {
  const fresh = windowAround(atMs, span, firstMs, nowMs);
  const [kept, setKept] = useState({ span, window: fresh });
  if (fresh.toMs === nowMs) return fresh;
  if (kept.span === span && kept.window.toMs < nowMs && holds(kept.window, atMs)) return kept.window;
  setKept({ span, window: fresh });
  return fresh;
}
