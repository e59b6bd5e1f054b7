/** A state as an icon and a word: the colour repeats what they say. */
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleMinus, IconCircleX, IconClock, IconCopyX, IconPlayerPause, IconRefresh, type Icon } from '@tabler/icons-react';

export type Tone = 'good' | 'bad' | 'warning' | 'quiet' | 'busy';

const COLOURS: Readonly<Record<Tone, string>> = {
  good: 'light-dark(#1a6b3c, #6fd198)',
  bad: 'light-dark(#a8261c, #ff9b93)',
  warning: 'light-dark(#7d4e00, #f5c169)',
  quiet: 'var(--mantine-color-dimmed)',
  busy: 'light-dark(#17697a, #76b7c1)',
};

interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: Icon;
}

const ENVIRONMENT: Readonly<Record<string, Look>> = {
  up: { word: 'Up', tone: 'good', icon: IconCircleCheck },
  down: { word: 'Down', tone: 'bad', icon: IconCircleX },
  never: { word: 'Never seen', tone: 'quiet', icon: IconCircleDashed },
  unassociated: { word: 'No agent yet', tone: 'quiet', icon: IconCircleDashed },
  duplicate: { word: 'Duplicate agent', tone: 'warning', icon: IconCopyX },
};

const TUNNEL: Readonly<Record<string, Look>> = {
  open: { word: 'Open', tone: 'good', icon: IconCircleCheck },
  opening: { word: 'Opening', tone: 'busy', icon: IconRefresh },
  required: { word: 'Required', tone: 'busy', icon: IconClock },
  closed: { word: 'Closed', tone: 'quiet', icon: IconCircleMinus },
};

const CONTAINER: Readonly<Record<string, Look>> = {
  running: { word: 'Running', tone: 'good', icon: IconCircleCheck },
  exited: { word: 'Exited', tone: 'quiet', icon: IconCircleMinus },
  created: { word: 'Created', tone: 'quiet', icon: IconCircleDashed },
  paused: { word: 'Paused', tone: 'warning', icon: IconPlayerPause },
  restarting: { word: 'Restarting', tone: 'busy', icon: IconRefresh },
  removing: { word: 'Removing', tone: 'busy', icon: IconRefresh },
  dead: { word: 'Dead', tone: 'bad', icon: IconCircleX },
};

const LOOKS = { environment: ENVIRONMENT, tunnel: TUNNEL, container: CONTAINER };

/** A state by the server's name for it; one that is not known is shown as it is. */
export function StatusWord({ of, state }: { readonly of: keyof typeof LOOKS; readonly state: string }): React.JSX.Element {
  const { word, tone, icon } = LOOKS[of][state] ?? { word: state, tone: 'warning', icon: IconAlertTriangle };
  return <ToneWord word={word} tone={tone} icon={icon} />;
}

/** Any word in a tone. */
export function ToneWord({ word, tone, icon: Symbol }: Look): React.JSX.Element {
  return (
    <span style={{ color: COLOURS[tone], display: 'inline-flex', alignItems: 'center', gap: 6, verticalAlign: 'middle', whiteSpace: 'nowrap' }}>
      <Symbol size={16} aria-hidden style={{ flexShrink: 0 }} />
      {word}
    </span>
  );
}
