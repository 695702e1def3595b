/**
 * kill -9 of a process that publishes and collects at the same time, again and again: what is referred to is there, and the
 * next one finishes what was left.
 *
 * 40 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night. A bucket and a database get a third of them.
 */
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { asSha256, blobReferenceKey, type Document, type DocumentKey } from '../../src/store.ts';
import { openEngines, type Place } from '../faults/engines.ts';
import { temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { postgresProblem, startPostgres } from '../support/postgres.ts';
import { startS3 } from '../support/s3.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 40 : 10));
const program = join(import.meta.dir, '..', 'faults', 'collecting.ts');

/** @param forMs after it has first kept something, which it comes to sooner or later; `null`: to its own end. */
async function live(place: Place, seed: string, forMs: number | null): Promise<readonly string[]> {
  const words = [process.execPath, program, JSON.stringify(place), seed];
  const child = Bun.spawn(words, { stdout: 'pipe', stderr: 'inherit' });
  const decoder = new TextDecoder();
  let said = '';
  let killed: Promise<void> | null = null;
  for await (const bytes of child.stdout) {
    said += decoder.decode(bytes, { stream: true });
    if (forMs !== null) killed ??= Bun.sleep(forMs).then(() => child.kill('SIGKILL'));
  }
  await child.exited;
  await killed;
  expect(child.signalCode ?? child.exitCode).toBe(forMs === null ? 0 : 'SIGKILL');
  // A last line without its break was never said.
  return said.split('\n').slice(0, -1);
}

async function killAgainAndAgain(place: Place, times: number): Promise<void> {
  const kept = new Set<string>();
  for (let round = 0; round < times; round++) {
    for (const line of await live(place, `life${round}`, (round * 7919) % 500)) {
      if (line.startsWith('kept ')) kept.add(line.slice('kept '.length));
      else kept.delete(line.slice('let go '.length));
    }
  }
  await live(place, 'settle', null);

  const { blobs, metadata, close } = await openEngines(place);
  for (const name of kept) {
    const [text = '', ...holder] = name.split(' ');
    const sha256 = asSha256(text);
    if (sha256 === undefined) throw new Error(`${name} is no reference`);
    expect(await metadata.get(blobReferenceKey(sha256, holder))).not.toBeNull();
    expect([name, (await blobs.stat(sha256)) !== null]).toEqual([name, true]);
  }
  let referred = 0;
  for (let after: DocumentKey | undefined; ; ) {
    const page: readonly Document[] = await metadata.scan(['blob'], after ? { after } : {});
    for (const { key } of page.filter(({ key }) => key[3] !== 'pin')) {
      const sha256 = asSha256(key[1] ?? '');
      expect([key, sha256 && (await blobs.stat(sha256)) !== null]).toEqual([key, true]);
      referred++;
    }
    if (page.length < 1_000) break;
    after = page.at(-1)?.key;
  }
  expect(await metadata.scan(['condemned-blob'])).toEqual([]);
  expect(referred).toBeGreaterThanOrEqual(kept.size);
  expect(kept.size).toBeGreaterThan(times);
  await close();
}

test(
  `${kills} kills of a collection lose nothing that is referred to`,
  async () => {
    using folder = temporary('collecting');
    await killAgainAndAgain({ folder: folder.path }, kills);
  },
  60_000 + kills * 6_000,
);

const fewer = Math.ceil(kills / 3);

describe.skipIf(!available('PostgreSQL', postgresProblem))('with a bucket and PostgreSQL', () => {
  test(
    `${fewer} kills lose nothing, either`,
    async () => {
      using folder = temporary('collecting');
      const [server, { url, password, stop }] = await Promise.all([startS3(), startPostgres()]);
      const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
      const s3 = { endpoint, bucket, accessKeyId, secretAccessKey };
      try {
        const place = { folder: folder.path, s3, postgres: { url, password } };
        await killAgainAndAgain(place, fewer);
      } finally {
        await Promise.all([server.stop(), stop()]);
      }
    },
    90_000 + fewer * 10_000,
  );
});
