/** Settings while they are being changed: what was changed, on which version of them, and whether somebody else was faster. */
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useState } from 'react';
import { isCode } from '../../api/api-error.ts';
import { api } from '../../api/client.ts';
import { sayDone } from '../../parts/say.ts';
import { settingsQuery, tagged, type Settings, type TaggedSettings } from '../settings-query.ts';

/** Null is a number that is not typed yet. */
export type Draft = { readonly [Name in keyof Settings]?: Settings[Name] | null };

/** The changes, and saving them. */
export interface SettingsDraft {
  /** What the fields show. */
  valueOf<Name extends keyof Settings>(name: Name): Settings[Name] | null;
  set<Name extends keyof Settings>(name: Name, value: Settings[Name] | null): void;
  readonly changed: readonly (keyof Settings)[];
  /** What was changed by somebody else since the first change here. */
  readonly changedMeanwhile: readonly (keyof Settings)[];
  /** Goes on with what was changed here, on what is there now. */
  rebase(): void;
  discard(): void;
  readonly save: UseMutationResult<TaggedSettings, Error, undefined>;
}

/** @param current what the server says now */
export function useSettingsDraft(current: TaggedSettings): SettingsDraft {
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>({});
  const [base, setBase] = useState(current);
  const names = Object.keys(draft) as (keyof Settings)[];
  const changed = names.filter((name) => !isSame(draft[name], base.settings[name]));
  // Nothing to lose: what is shown is what is there.
  if (changed.length === 0 && base !== current) setBase(current);
  const changedMeanwhile = (Object.keys(current.settings) as (keyof Settings)[]).filter((name) => !isSame(current.settings[name], base.settings[name]));

  const save = useMutation({
    mutationFn: async (_: undefined) => {
      // What is not typed yet is sent as it is: the server says what it should be.
      const body = Object.fromEntries(changed.map((name) => [name, draft[name]]));
      return tagged(api.PATCH('/api/v1/settings', { body, params: { header: { 'if-match': base.tag } } }));
    },
    onSuccess(saved) {
      client.setQueryData(settingsQuery.queryKey, saved);
      setBase(saved);
      setDraft({});
      sayDone('The settings are saved.');
    },
    async onError(error) {
      if (isCode(error, 'precondition-failed')) await client.invalidateQueries({ queryKey: settingsQuery.queryKey });
    },
  });

  return {
    valueOf: (name) => (name in draft ? (draft[name] ?? null) : base.settings[name]),
    set: (name, value) => setDraft((before) => ({ ...before, [name]: value })),
    changed,
    changedMeanwhile,
    rebase() {
      setBase(current);
      save.reset();
    },
    discard() {
      setDraft({});
      setBase(current);
      save.reset();
    },
    save,
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
