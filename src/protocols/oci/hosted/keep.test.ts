/** What a repository keeps, for how long, for whom, and what is written down about it. */
import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import { eventually } from '../../../../test/support/wait.ts';
import { collect } from '../../../origin/collection/collect.ts';
import { asSha256, blobReferenceKey } from '../../../store.ts';
import { digestOf } from '../digest.ts';
import {
  acts,
  alice,
  bytesOf,
  closeHomes,
  manifestIn,
  openTestHome,
  pushedBlob,
  pushedImage,
  someone,
  type TestHome,
} from './home.contract.ts';

afterEach(closeHomes);

const hour = 3_600_000;
const exists = async (home: TestHome, path: string) => (await home.as(alice, 'HEAD', path)).status === 200;

async function retired(home: TestHome): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (what: string, more = 1) => {
    counts[what] = (counts[what] ?? 0) + more;
  };
  await home.protocol.retire?.({ stores: home.stores, count, signal: new AbortController().signal });
  return counts;
}

async function holdersOf(home: TestHome, digest: string): Promise<number> {
  const sha256 = asSha256(digest.slice('sha256:'.length));
  if (sha256 === undefined) throw new Error(digest);
  return (await home.stores.metadata.scan(blobReferenceKey(sha256, []))).length;
}

describe('a blob that no manifest names', () => {
  test('goes after its time, and with it whatever says that it is there', async () => {
    const clock = virtualClock();
    const home = await openTestHome({ keepUnneededS: 3600 }, clock);
    const lonely = await pushedBlob(home, 'open/a', 'lonely');
    await pushedImage(home, 'open/a', 'v1', 'needed');
    clock.advance(hour - 1000);
    expect(await retired(home)).toEqual({});
    clock.advance(2000);
    expect(await retired(home)).toEqual({ retired: 1, retiredBytes: 6 });
    expect(await exists(home, `open/a/blobs/${lonely}`)).toBe(false);
    expect(await exists(home, `open/a/blobs/${digestOf(bytesOf('needed'))}`)).toBe(true);
    expect(home.purged).toContainEqual({ by: 'key', key: `oci blob/open/a@${lonely}` });
    expect(await holdersOf(home, lonely)).toBe(0);
  });

  test('has its time anew when it is pushed again, mounted, or let go by the last manifest', async () => {
    const clock = virtualClock();
    const home = await openTestHome({ keepUnneededS: 3600 }, clock);
    const manifest = await pushedImage(home, 'open/a', 'v1', 'layer');
    const layer = digestOf(bytesOf('layer'));
    clock.advance(2 * hour);
    await home.as(alice, 'DELETE', `open/a/manifests/${manifest}`);
    expect(await retired(home)).toEqual({});
    clock.advance(hour - 1000);
    await pushedBlob(home, 'open/a', 'layer');
    clock.advance(2000);
    expect(await retired(home)).toEqual({ retired: 1, retiredBytes: 'config of layer'.length });
    expect(await exists(home, `open/a/blobs/${layer}`)).toBe(true);
  });

  test('stays in the store for as long as another repository has it', async () => {
    const home = await openTestHome();
    const digest = await pushedBlob(home, 'open/a', 'shared');
    await home.as(alice, 'POST', `open/b/blobs/uploads/?mount=${digest}&from=open/a`);
    await home.as(alice, 'DELETE', `open/a/blobs/${digest}`);
    const { stores } = home;
    const tomorrow = virtualClock(Date.now() + 25 * hour);
    await collect({
      ...{ stores, clock: tomorrow, by: 'origin', graceMs: 0, dryRun: false, progress: () => {} },
      signal: new AbortController().signal,
    });
    const got = await home.as(alice, 'GET', `open/b/blobs/${digest}`);
    expect([got.status, new TextDecoder().decode(got.bytes)]).toEqual([200, 'shared']);
    expect(await exists(home, `open/a/blobs/${digest}`)).toBe(false);
  });
});

describe('a quota', () => {
  test('of a repository refuses the blob that would pass it, and has room again once one is gone', async () => {
    const home = await openTestHome({ quota: { repositoryBytes: 10 } });
    const first = await pushedBlob(home, 'open/a', '12345678');
    const body = bytesOf('abc');
    const push = () =>
      home.as(alice, 'POST', `open/a/blobs/uploads/?digest=${digestOf(body)}`, { body: bytesOf('abc') });
    await expect(push()).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(await holdersOf(home, digestOf(body))).toBe(0);
    expect(await exists(home, `open/a/blobs/${digestOf(body)}`)).toBe(false);
    await home.as(alice, 'DELETE', `open/a/blobs/${first}`);
    expect((await push()).status).toBe(201);
  });

  test('of manifests counts each once, whatever its tags', async () => {
    const home = await openTestHome({ quota: { manifests: 1 } });
    const digest = await pushedImage(home, 'open/a', 'v1', 'one');
    await pushedImage(home, 'open/a', 'v2', 'one');
    const second = await manifestIn(home, 'open/a', 'two');
    const refused = home.as(alice, 'PUT', 'open/a/manifests/v1', second);
    await expect(refused).rejects.toMatchObject({ code: 'quota-exceeded' });
    const still = await home.as(alice, 'GET', 'open/a/manifests/v1');
    expect(still.headers.get('docker-content-digest')).toBe(digest);
  });

  test('is held against what there is', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/a', 'v1', 'layer');
    await pushedBlob(home, 'open/b', 'other');
    const { holdings } = home.protocol;
    const names: string[] = [];
    for await (const name of holdings?.names(home.stores.metadata, 'hosted') ?? []) names.push(name);
    expect(names).toEqual(['open/a', 'open/b']);
    const [told] = await home.stores.metadata.scan(['usage-package', 'oci', 'hosted'], { limit: 1 });
    const weight = await holdings?.weigh(home.stores.metadata, 'hosted', told?.key.at(-1) ?? '');
    expect(told?.value).toMatchObject({ ...weight });
  });

  test('of one blob refuses a longer one', async () => {
    const home = await openTestHome({ maxBlobBytes: 10 });
    const body = bytesOf('12345678901');
    const push = home.as(alice, 'POST', `open/a/blobs/uploads/?digest=${digestOf(body)}`, { body });
    await expect(push).rejects.toMatchObject({ code: 'body-too-large' });
  });
});

describe('who may not', () => {
  const reader = someone('bob', 'read');

  test('push or delete is refused by the origin, too', async () => {
    const home = await openTestHome();
    const digest = await pushedImage(home, 'open/a', 'v1', 'layer');
    const manifest = await manifestIn(home, 'open/a', 'other');
    for (const [method, path, sent] of [
      ['PUT', 'open/a/manifests/v1', manifest],
      ['DELETE', `open/a/manifests/${digest}`, {}],
      ['POST', 'open/a/blobs/uploads/', {}],
    ] as const) {
      await expect(home.as(reader, method, path, sent)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(home.as(null, method, path, sent)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  test('read a repository cannot mount from it', async () => {
    const home = await openTestHome();
    const digest = await pushedBlob(home, 'closed/a', 'secret');
    const writer = {
      ...{ name: 'user:eve', token: 'token' },
      may: ({ action, subject }: { action: string; subject: string }) =>
        action === 'publish' && subject === 'open/eve',
    };
    for (const from of ['&from=closed/a', '']) {
      const begun = await home.as(writer, 'POST', `open/eve/blobs/uploads/?mount=${digest}${from}`);
      expect(begun.status).toBe(202);
      expect(await exists(home, `open/eve/blobs/${digest}`)).toBe(false);
    }
    const reader = { ...writer, may: ({ subject }: { subject: string }) => /eve|closed/.test(subject) };
    const mounted = await home.as(reader, 'POST', `open/eve/blobs/uploads/?mount=${digest}`);
    expect(mounted.status).toBe(201);
  });
});

describe('a change', () => {
  test('is written down with who has made it', async () => {
    const home = await openTestHome();
    const digest = await pushedImage(home, 'open/a', 'v1', 'layer');
    await home.as(alice, 'DELETE', 'open/a/manifests/v1');
    await home.as(alice, 'DELETE', `open/a/manifests/${digest}`);
    expect((await acts(home)).map(({ by, what, subject }) => [by, what, subject])).toEqual([
      ['user:alice', 'oci.push', 'oci open/a:v1'],
      ['user:alice', 'oci.delete', 'oci open/a:v1'],
      ['user:alice', 'oci.delete', `oci open/a@${digest}`],
    ]);
  });

  test('that could not be told is told by the next process', async () => {
    const home = await openTestHome();
    const manifest = await manifestIn(home, 'open/a', 'layer');
    home.bus = 'down';
    const push = home.as(alice, 'PUT', 'open/a/manifests/v1', manifest);
    await expect(push).rejects.toMatchObject({ code: 'bus-unreachable' });
    const next = home.again();
    expect(await exists(next, 'open/a/manifests/v1')).toBe(true);
    await eventually('the node to be told', async () => next.purged.length > 0);
    expect(next.purged).toContainEqual({ by: 'tag', tag: 'oci:open/a' });
    await eventually('nothing to be left to tell', async () => (await untold(next)) === 0);
  });

  test('that could not be told is told before whoever pushes it again hears of success', async () => {
    const home = await openTestHome();
    const manifest = await manifestIn(home, 'open/a', 'layer');
    const push = () => home.as(alice, 'PUT', 'open/a/manifests/v1', manifest);
    home.bus = 'down';
    await expect(push()).rejects.toMatchObject({ code: 'bus-unreachable' });
    await expect(push()).rejects.toMatchObject({ code: 'bus-unreachable' });
    home.bus = 'up';
    expect((await push()).status).toBe(201);
    expect(home.purged).not.toBeEmpty();
  });

  test('that could not be told is told with a later request, also by the same process', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/a', 'v1', 'layer');
    home.bus = 'down';
    const deletion = home.as(alice, 'DELETE', 'open/a/manifests/v1');
    await expect(deletion).rejects.toMatchObject({ code: 'bus-unreachable' });
    home.bus = 'up';
    home.purged.length = 0;
    expect(await exists(home, 'open/a/manifests/v1')).toBe(false);
    await eventually('nothing to be left to tell', async () => (await untold(home)) === 0);
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'oci:open/a' });
  });

  const untold = async ({ stores }: TestHome) => (await stores.metadata.scan(['oci-unpurged'])).length;

  test('that changes nothing tells nobody', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/a', 'v1', 'layer');
    const { length } = home.purged;
    await pushedImage(home, 'open/a', 'v1', 'layer');
    expect(home.purged).toHaveLength(length);
  });
});
