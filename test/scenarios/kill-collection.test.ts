/**
 * kill -9 of a process that publishes and collects at the same time, again and again: what is referred to is there, and the
 * next one finishes what was left.
 *
 * 60 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night.
 */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openFiles } from '../../src/origin/blobs/files.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';
import { asSha256, blobReferenceKey } from '../../src/store.ts';
import { temporary } from '../support/index.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 60 : 10));
const program = join(import.meta.dir, '..', 'faults', 'collecting.ts');

/** @param forMs after it has first kept something, which it comes to sooner or later; `null`: to its own end. */
async function live(folder: string, seed: string, forMs: number | null): Promise<readonly string[]> {
  const child = Bun.spawn([process.execPath, program, folder, seed], { stdout: 'pipe', stderr: 'inherit' });
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

test(
  `${kills} kills of a collection lose nothing that is referred to`,
  async () => {
    using folder = temporary('collecting');
    const kept = new Set<string>();
    for (let round = 0; round < kills; round++) {
      for (const line of await live(folder.path, `life${round}`, (round * 7919) % 500)) {
        if (line.startsWith('kept ')) kept.add(line.slice('kept '.length));
        else kept.delete(line.slice('let go '.length));
      }
    }
    await live(folder.path, 'settle', null);

    const clock = systemClock;
    const blobs = await openFiles({ path: join(folder.path, 'blobs'), clock });
    const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
    for (const name of kept) {
      const [text = '', ...holder] = name.split(' ');
      const sha256 = asSha256(text);
      if (sha256 === undefined) throw new Error(`${name} is no reference`);
      expect(await metadata.get(blobReferenceKey(sha256, holder))).not.toBeNull();
      expect([name, (await blobs.stat(sha256)) !== null]).toEqual([name, true]);
    }
    const referred = await metadata.scan(['blob'], { limit: 1_000 });
    for (const { key } of referred) {
      const sha256 = asSha256(key[1] ?? '');
      expect([key, sha256 && (await blobs.stat(sha256)) !== null]).toEqual([key, true]);
    }
    expect(await metadata.scan(['condemned-blob'])).toEqual([]);
    expect(kept.size).toBeGreaterThan(kills);
    await blobs.close();
    await metadata.close();
  },
  60_000 + kills * 6_000,
);
