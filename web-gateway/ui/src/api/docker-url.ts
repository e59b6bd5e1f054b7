/** Where a call to an engine goes: below its environment and nowhere else, whatever the engine calls its things. */
import { ApiError } from './api-error.ts';

/**
 * An engine is not trusted, and ids that it made up stand in paths: one such as `../../../users/u1#` must not lead a call of whoever is signed in
 * somewhere else. Throws {@link ApiError} invalid-path for a path that a browser would not ask for as it is written.
 * @param path of the Docker API, without a query; what is put into it is encoded (encodeURIComponent)
 */
export function dockerUrl(origin: string, environmentId: string, path: string): URL {
  const written = `/api/v1/environments/${environmentId}/docker${path}`;
  const url = new URL(written, origin);
  if (url.pathname !== written) throw new ApiError('invalid-path', 400, 'The engine gives this an id or a name that cannot stand in a path. Nothing was asked.');
  return url;
}
