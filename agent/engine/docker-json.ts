/** Reads JSON from an engine's API over its Unix socket. */
import * as http from 'node:http';
import { releaseVersion } from '../../proto/release.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 5000;

/** How much is read of an answer, and how long it may take. */
export interface AnswerBounds {
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

const USUAL: AnswerBounds = { maxBytes: MAX_BYTES, deadlineMs: DEADLINE_MS };

/** The answer is longer than it may be; `code` is ANSWER_TOO_LONG. */
class AnswerTooLong extends Error {
  readonly code = 'ANSWER_TOO_LONG';
}

/** GETs a path. Throws the system's error where the socket can't be used, and an Error for any answer but JSON with status 200. */
export function getDockerJson(socketPath: string, path: string, signal: AbortSignal, { maxBytes, deadlineMs }: AnswerBounds = USUAL): Promise<unknown> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, headers: { Host: 'docker', 'User-Agent': `homeport-agent/${releaseVersion()}` }, agent: false, signal: within }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) request.destroy(new AnswerTooLong('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          if (response.statusCode !== 200) throw new Error(`the engine answered ${String(response.statusCode)} to GET ${path}`);
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    request.on('error', reject);
    request.end();
  });
}
