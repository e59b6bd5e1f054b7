/** What asks for an answer, and under which key it is kept. */
export interface Asking<Answer> {
  /** Its first part is a subject that live/stale-answers.ts knows. */
  readonly queryKey: readonly string[];
  readonly queryFn: () => Promise<Answer>;
}
