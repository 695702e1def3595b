/** The body of an answer that is short by its nature: an error, a list. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';

/** A list of a thousand objects with the longest names has less. */
const maxBytes = 4 * 2 ** 20;

export async function shortText(body: Answer['body']): Promise<string> {
  if (body === null) return '';
  if (!(body instanceof ReadableStream)) return new TextDecoder().decode(body);
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new MeridianError('upstream-invalid', 'its answer is too long');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
