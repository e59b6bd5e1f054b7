/** A state as an icon and a word: the colour repeats what they say. */
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleMinus, IconCircleX, IconClock, IconCopyX, IconPlayerPause, IconRefresh, type Icon } from '@tabler/icons-react';

/** What a word means for who reads it. */
export type Tone = 'good' | 'bad' | 'warning' | 'quiet' | 'busy';

const COLOURS: Readonly<Record<Tone, string>> = {
  good: 'var(--homeport-good)',
  bad: 'var(--homeport-bad)',
  warning: 'var(--homeport-warning)',
  quiet: 'var(--mantine-color-dimmed)',
  busy: 'var(--homeport-busy)',
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

/** What a state is called; one that is not known is called what the server calls it. */
export function stateText(of: keyof typeof LOOKS, state: string): string {
  return LOOKS[of][state]?.word ?? state;
}

/** All states of a kind, for a choice of one. */
export function stateChoices(of: keyof typeof LOOKS): { value: string; label: string }[] {
  return Object.entries(LOOKS[of]).map(([value, { word }]) => ({ value, label: word }));
}

/** A state by the server's name for it. */
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
