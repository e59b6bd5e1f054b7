/** Users, as far as one may know of them. */
import { allPages, PAGE } from '../../api/all-pages.ts';
import type { ListedAnswer } from '../../api/answer.ts';
import type { Asking } from '../../api/asking.ts';
import { answerOf, api, taggedAnswerOf } from '../../api/client.ts';
import type { Role } from '../../session/session.ts';

/** A user as a list has them. */
export type User = ListedAnswer<'/api/v1/users'>;
/** By a tag of environments; `*` is all. */
export type Grant = User['grants'][number];

/** All of them: there are 10,000 at most. */
export const usersQuery: Asking<readonly User[]> = {
  queryKey: ['users'],
  queryFn: () => allPages((cursor) => answerOf(api.GET('/api/v1/users', { params: { query: { limit: PAGE, ...cursor } } }))),
};

/** A user and their version. */
export interface TaggedUser {
  readonly user: User;
  /** For If-Match. */
  readonly tag: string;
}

/** One user, with the tag that says which version this is. */
export function userQuery(id: string): Asking<TaggedUser> {
  return {
    queryKey: ['users', id],
    async queryFn() {
      const { body, tag } = await taggedAnswerOf(api.GET('/api/v1/users/{id}', { params: { path: { id } } }));
      return { user: body, tag };
    },
  };
}

/** From the one that may most. */
export const ROLES: readonly { readonly value: Role; readonly label: string; readonly says: string }[] = [
  { value: 'admin', label: 'Admin', says: 'May do everything, settings and users included.' },
  { value: 'operator', label: 'Operator', says: 'Works with the environments whose tags are granted.' },
  { value: 'auditor', label: 'Auditor', says: 'Sees everything, changes nothing, reaches no engine.' },
  { value: 'metrics', label: 'Metrics', says: 'Reads measurements, and nothing else.' },
];

/** One that is not known is shown as it is. */
export function roleLabel(role: string): string {
  return ROLES.find(({ value }) => value === role)?.label ?? role;
}

/** What an operator reaches, in words. */
export function grantsText(role: string, grants: readonly Grant[]): string {
  if (role === 'admin' || role === 'auditor') return 'Every environment';
  if (role !== 'operator') return 'None';
  if (grants.length === 0) return 'None yet';
  return grants.map(({ tag, access }) => `${tag === '*' ? 'every environment' : tag} (${access})`).join(', ');
}
