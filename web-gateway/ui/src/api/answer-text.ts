/** The text of an answer, up to a bound: an engine is not trusted, and what it says must not fill the page's memory. */
import { bytesText } from '../parts/bytes-text.ts';
import { ApiError } from './api-error.ts';

/** Of an engine’s answer, in bytes: some twenty thousand containers. */
export const MOST_ANSWER_BYTES = 32_000_000;

/** Throws {@link ApiError} answer-too-large as soon as more than `mostBytes` came, and reads no more of it; and what reading throws. */
export async function answerText(response: Response, mostBytes: number = MOST_ANSWER_BYTES): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.length;
    if (bytes > mostBytes) {
      await reader.cancel();
      throw new ApiError('answer-too-large', response.status, `The engine answers with more than the ${bytesText(mostBytes)} that this page takes. To see all of it, use docker through homeport connect.`);
    }
    text += decoder.decode(piece.value, { stream: true });
  }
  return text + decoder.decode();
}
