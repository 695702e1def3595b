/** What a short request says: in its body as a form, or in its query. */
import { MeridianError } from '../../../errors.ts';
import { chunksOf } from '../../bodies.ts';
import type { Changing } from '../../registry/ecosystem.ts';

const maxBytes = 16 * 1024;

/** @throws `body-too-large`. */
export async function formOf({ ask, query }: Changing): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(ask.exchange.body(maxBytes))) {
    size += chunk.length;
    if (size > maxBytes) throw new MeridianError('body-too-large', `A form has at most ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  for (const [name, value] of new URLSearchParams(query)) if (!form.has(name)) form.set(name, value);
  return form;
}
