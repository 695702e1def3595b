/** Bodies of requests about accounts, which hold a few words. */
import type { Exchange } from '../../../exchange.ts';
import { chunksOf } from '../../bodies.ts';
import { Refusal, unreadable } from '../hosted/refusal.ts';

const MAX_BYTES = 64 * 1024;

/** Where a client has to say more than nothing, which is `{}`. */
export async function readObject(exchange: Exchange): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(exchange);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch (cause) {
    throw unreadable('The body is not JSON.', cause);
  }
  throw new Refusal(400, 'The body is not an object.');
}

/** Of a browser: `application/x-www-form-urlencoded`. */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  const type = exchange.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) throw new Refusal(415, 'The body is not a form.');
  return new URLSearchParams(await readText(exchange));
}

async function readText(exchange: Exchange): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(exchange.body())) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Refusal(413, `The body may have ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
