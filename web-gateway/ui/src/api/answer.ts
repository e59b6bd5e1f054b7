/** The types of the server's answers, by the path that is asked. */
import type { paths } from './generated/openapi.d.ts';

/** What `GET` of the path answers. */
export type Answer<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: { content: { 'application/json': infer Body } } } } } ? Body : never;

/** What one of a list's items is. */
export type ListedAnswer<Path extends keyof paths> = Answer<Path> extends { readonly items: readonly (infer Item)[] } ? Item : never;

/** One environment, as it is or was. */
export type Environment = Answer<'/api/v1/environments/{id}'>;

/** A call through a tunnel. */
export type Call = ListedAnswer<'/api/v1/activity'>;

/** One entry of a timeline: of one environment's, or of everything's. */
export type TimelineEntry = ListedAnswer<'/api/v1/timeline'>;
