import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/temporary.ts';
import type { Entry } from '../../entry.ts';
import type { CacheKey } from '../../resource.ts';
import type { Gone } from '../eviction/evictions.ts';
import { damageSmall } from './damage.contract.ts';
import { openDisk } from './disk.ts';
import { sha256Of } from './objects.ts';

function entry(key: string, body: string): Entry {
  return {
    ...{
      key: key as CacheKey,
      status: 200,
      fields: [],
      selecting: [],
      tags: [],
      sha256: sha256Of(Buffer.from(body)),
    },
    freshness: {
      ...{ receivedMs: 5_000, initialAgeS: 0, lifetimeS: 60, staleWhileRevalidateS: 0, staleIfErrorS: 0 },
      ...{ staleIfDisconnectedS: 0, immutable: false, alwaysRevalidate: false, neverStale: false },
    },
    ...{ etag: null, lastModifiedMs: null, sourceEtag: null, asOf: 0, sizeBytes: body.length },
  };
}

test('the disk says of all that goes why it does', async () => {
  using folder = temporary('gone');
  const clock = virtualClock();
  const gone: Gone[] = [];
  const open = () =>
    openDisk({
      ...{ folder: folder.path, bytes: 60_000, objectBytes: 50_000, clock, warn: () => {} },
      gone: (each) => void gone.push(each),
    });
  const tier = await open();
  const put = (key: string, body: string) =>
    tier.put(
      () => entry(key, body),
      Buffer.from(body),
      () => true,
    );
  const took = () => gone.splice(0).map(({ key, cause }) => `${key} ${cause}`);

  await put('web /a', 'first');
  await put('web /a', 'second');
  expect(gone).toMatchObject([{ key: 'web /a', cause: 'replaced', bytes: 4096 + 5, receivedMs: 5_000 }]);
  expect(took()).toEqual(['web /a replaced']);

  tier.purge([tier.ledger.add({ selector: { by: 'key', key: 'web /a' }, soft: false }, clock.now())], false);
  expect(took()).toEqual(['web /a purged']);

  await put('web /b', 'withdrawn');
  tier.forget(entry('web /b', 'withdrawn'));
  expect(took()).toEqual(['web /b withdrawn']);

  for (let at = 0; at < 20; at++) await put(`web /${at}`, `body ${at}`);
  expect(took()[0]).toMatch(/^web \/\d+ space$/);
  await put('web /bad', 'was right once');
  await tier.close();
  gone.length = 0;

  damageSmall(folder.path);
  const again = await open();
  const kept = again.find('web /bad' as CacheKey, new Headers());
  expect(kept && (await again.bytes(kept))).toBeNull();
  expect(took()).toEqual(['web /bad corrupt']);

  again.keepUnused(new Map([['web', 1_000]]));
  clock.advance(3 * 86_400_000);
  again.dropUnused({ used: -1, id: 0 });
  const causes = new Set(gone.map(({ cause }) => cause));
  expect([gone.length > 0, causes]).toEqual([true, new Set(['unused'])]);
  await again.close();
});
