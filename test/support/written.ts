/** All that is written down somewhere, for tests that look for what must not be: where it is, and its bytes as Latin-1. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RedisClient } from 'bun';

export type Written = readonly [where: string, text: string];

export function writtenIn(folder: string): Written[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path).toString('latin1')]);
}

/** Keys, whatever they are of, and texts. */
export async function writtenInRedis(url: string): Promise<Written[]> {
  const client = new RedisClient(url);
  try {
    const keys: unknown = await client.send('KEYS', ['*']);
    const written: Written[] = [];
    for (const key of Array.isArray(keys) ? keys.map(String) : []) {
      const isText = String(await client.send('TYPE', [key])) === 'string';
      const value = isText ? await client.getBuffer(key) : null;
      written.push([`redis ${key}`, value === null ? key : Buffer.from(value).toString('latin1')]);
    }
    return written;
  } finally {
    client.close();
  }
}
