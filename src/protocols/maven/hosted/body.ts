/** Small bodies of requests, whole. */

import type { Changing } from '../../registry/ecosystem.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';

export async function smallBody(
  { ask }: Pick<Changing, 'ask'>,
  maxBytes: number,
  what: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of ask.exchange.body() ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Refusal(413, `${what} may have ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
