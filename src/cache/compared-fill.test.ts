import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import { hashOf, verified } from '../http/digest.ts';
import { answerOf, maxAge, noise } from './answers.contract.ts';
import { world } from './world.contract.ts';

const long = noise(6_000_000);
const sha256 = hashOf(long, 'sha256');

/** These bytes, compared with the hash of `long` on their way. */
function compared(bytes: Uint8Array<ArrayBuffer>) {
  const answer = answerOf(bytes, { ...maxAge(60), 'content-length': String(bytes.length) });
  const wrong = () => new MeridianError('digest-mismatch', 'other bytes');
  const digest = { algorithm: 'sha256', value: sha256 } as const;
  return { ...answer, body: verified(answer.body as ReadableStream<Uint8Array>, digest, wrong) };
}

test('a body that is compared with its SHA-256 as it comes is kept under that', async () => {
  await using here = await world({ disk: true });
  here.parent = () => compared(long);
  await (await here.get()).bytes();
  await eventually('the disk', () => here.cache.stats.disk?.entries === 1, { everyMs: 1 });
  const folder = join(here.folder?.path ?? '', 'objects');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('/'),
  );
  const [file = '', ...more] = files;
  expect([basename(file), more]).toEqual([Buffer.from(sha256, 'base64').toString('hex'), []]);
  expect(readFileSync(join(folder, file)).equals(long)).toBe(true);
});

test('one that turns out to be another is kept nowhere, and reaches nobody whole', async () => {
  await using here = await world({ disk: true });
  here.parent = () => compared(noise(long.length, 2));
  const reply = await here.get();
  expect(await reply.bytes().catch((error: unknown) => error)).not.toBeInstanceOf(Uint8Array);
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  expect(here.cache.stats.disk?.entries).toBe(0);
});
