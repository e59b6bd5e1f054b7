/** All settings in groups, changed together. */
import { SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { reasonAt, sentenceOf } from '../../parts/form-faults.ts';
import { PollIntervalField } from '../../parts/poll-interval-field.tsx';
import { QuantityField } from '../../parts/quantity-field.tsx';
import { useMay } from '../../session/session.ts';
import { Section } from '../section.tsx';
import type { TaggedSettings } from '../settings-query.ts';
import { AuditModeField } from './audit-mode-field.tsx';
import { DeniedOperations } from './denied-operations.tsx';
import { KeptFields } from './kept-fields.tsx';
import { LeaveQuestion } from './leave-question.tsx';
import { SaveBar } from './save-bar.tsx';
import { faultText, GROUPS, type SettingField } from './setting-fields.ts';
import { useSettingsDraft, type SettingsDraft } from './use-settings-draft.ts';

/** What the pieces of the form work with. */
export interface FieldsProps {
  readonly draft: SettingsDraft;
  readonly isReadOnly: boolean;
  /** What the server has against a setting. */
  readonly faultOf: (name: string) => string | undefined;
}

export function SettingsForm({ current }: { readonly current: TaggedSettings }): React.JSX.Element {
  const draft = useSettingsDraft(current);
  const isReadOnly = !useMay('admin');
  const { error } = draft.save;
  const fields: FieldsProps = {
    draft,
    isReadOnly,
    faultOf(name) {
      const reason = reasonAt(error, `/${name}`);
      return reason === undefined ? undefined : sentenceOf(faultText(name, reason));
    },
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.changed.length > 0) draft.save.mutate(undefined);
      }}
    >
      <Stack>
        {isReadOnly && <Text size="sm" c="dimmed">Admins change these.</Text>}
        <Section title="Polls">
          <PollIntervalField
            description="How often agents poll whose environment has no interval of its own. Connecting takes a moment at any interval; a long one saves traffic."
            value={draft.valueOf('pollIntervalSeconds') ?? undefined}
            onChange={(value) => draft.set('pollIntervalSeconds', value ?? null)}
            error={fields.faultOf('pollIntervalSeconds')}
            isReadOnly={isReadOnly}
          />
        </Section>
        {GROUPS.map(({ title, description, fields: ofGroup }) => (
          <Section key={title} title={title} description={description}>
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg" verticalSpacing="md">
              {ofGroup.map((field) => (
                <Field key={field.name} field={field} {...fields} />
              ))}
            </SimpleGrid>
          </Section>
        ))}
        <Section title="What is kept, and for how long" description="Until the first of the limits is reached. Decisions (who was added, connected, changed what) are kept for ever.">
          <KeptFields {...fields} />
        </Section>
        <Section title="What engines may be asked" description="Kinds of Docker operation that a role is refused, whatever an environment grants. Refusals are recorded.">
          <DeniedOperations {...fields} />
        </Section>
        <Section title="When nothing can be recorded" description="Calls that may change something are recorded before they are forwarded.">
          <AuditModeField {...fields} />
        </Section>
        {!isReadOnly && <SaveBar draft={draft} current={current.settings} />}
        <LeaveQuestion hasChanges={draft.changed.length > 0} />
      </Stack>
    </form>
  );
}

function Field({ field, draft, isReadOnly, faultOf }: FieldsProps & { readonly field: SettingField }): React.JSX.Element {
  const { name, label, description } = field;
  if (field.kind === 'switch') {
    return <Switch label={label} description={description} checked={draft.valueOf(field.name) === true} disabled={isReadOnly} onChange={(event) => draft.set(field.name, event.currentTarget.checked)} error={faultOf(name)} />;
  }
  const { units, zeroMeans, withoutZero } = field;
  return (
    <QuantityField
      label={label}
      {...(description === undefined ? {} : { description })}
      units={units}
      value={draft.valueOf(field.name)}
      onChange={(value) => draft.set(field.name, value)}
      {...(zeroMeans === undefined ? {} : { zeroMeans })}
      {...(withoutZero === undefined ? {} : { withoutZero })}
      error={faultOf(name)}
      isReadOnly={isReadOnly}
    />
  );
}
