/** What rules of retention take away, what stays all the same, and who is told. */
import { afterEach, describe, expect, test } from 'bun:test';
import { type VirtualClock, virtualClock } from '../../../../../test/support/clock.ts';
import { digestOf } from '../../digest.ts';
import type { HostedOptions } from '../claims.ts';
import {
  acts,
  alice,
  bytesOf,
  closeHomes,
  imageType,
  manifestIn,
  openTestHome,
  pushedImage,
  type TestHome,
} from '../home.contract.ts';
import type { RetentionRule } from './rules.ts';

afterEach(closeHomes);

const hour = 3_600_000;
const day = 24 * hour;
const indexType = 'application/vnd.oci.image.index.v1+json';

interface World {
  readonly home: TestHome;
  readonly clock: VirtualClock;
}

async function world(
  rules: readonly Partial<RetentionRule>[],
  more: Partial<HostedOptions> = {},
): Promise<World> {
  const clock = virtualClock();
  const none = { repositories: ['*'], tags: ['*'], exceptTags: [], keepTags: [] };
  const retention = rules.map((rule) => ({ ...none, ...rule }));
  return { home: await openTestHome({ retention, ...more }, clock), clock };
}

async function retain({ home }: World, dryRun = false) {
  const counts: Record<string, number> = {};
  const notes: string[] = [];
  const purged = home.purged.length;
  await home.protocol.retain?.({
    ...{ stores: home.stores, dryRun },
    purge: async (selectors) => void home.purged.push(...selectors),
    count: (what, count = 1) => {
      counts[what] = (counts[what] ?? 0) + count;
    },
    note: (sentence) => notes.push(sentence),
    signal: new AbortController().signal,
  });
  return { counts, notes, purged: home.purged.slice(purged) };
}

/** Pushes a tag each day, the oldest first. */
async function daily({ home, clock }: World, name: string, ...tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    await pushedImage(home, name, tag, `layer of ${tag}`);
    clock.advance(day);
  }
}

async function tagsIn({ home }: World, name: string): Promise<readonly string[]> {
  const { bytes } = await home.as(alice, 'GET', `${name}/tags/list`);
  return (JSON.parse(new TextDecoder().decode(bytes)) as { tags: string[] }).tags;
}

const has = async ({ home }: World, path: string) => (await home.as(alice, 'HEAD', path)).status === 200;

async function pushed(
  { home }: World,
  path: string,
  document: object,
  type = imageType,
): Promise<`sha256:${string}`> {
  const body = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: type, ...document }));
  const digest = digestOf(body);
  const reference = path.endsWith('/') ? `${path}${digest}` : path;
  const answer = await home.as(alice, 'PUT', reference, { body, headers: { 'content-type': type } });
  if (answer.status !== 201) throw new Error(new TextDecoder().decode(answer.bytes));
  return digest as `sha256:${string}`;
}

/** A manifest by its digest alone, as an index names it. */
async function pushedChild({ home }: World, name: string, text: string) {
  const sent = await manifestIn(home, name, text);
  const digest = digestOf(sent.body);
  await home.as(alice, 'PUT', `${name}/manifests/${digest}`, sent);
  return { mediaType: imageType, digest, size: sent.body.length };
}

describe('a rule', () => {
  test('keeps the newest so many of the tags that it takes in, and no manifest of the others', async () => {
    const at = await world([{ tags: ['pr-*'], keep: 2 }]);
    await daily(at, 'open/a', 'pr-1', 'main', 'pr-2', 'pr-3', 'pr-4');
    const { counts } = await retain(at);
    expect(counts).toEqual({ expiredTags: 2, expiredManifests: 2 });
    expect(await tagsIn(at, 'open/a')).toEqual(['main', 'pr-3', 'pr-4']);
  });

  test('keeps what is young, and with a number what is either', async () => {
    const at = await world([
      { repositories: ['open/a'], olderThanS: (2 * day) / 1000 },
      { repositories: ['open/b'], olderThanS: (2 * day) / 1000, keep: 3 },
    ]);
    await daily(at, 'open/b', 'b1', 'b2', 'b3', 'b4');
    await daily(at, 'open/a', 'a1', 'a2', 'a3', 'a4');
    await retain(at);
    expect(await tagsIn(at, 'open/a')).toEqual(['a3', 'a4']);
    expect(await tagsIn(at, 'open/b')).toEqual(['b2', 'b3', 'b4']);
  });

  test('is about its repositories alone, and a tag that none takes in stays', async () => {
    const at = await world([{ repositories: ['open/*'], tags: ['*'], exceptTags: ['main*'], keep: 1 }]);
    await daily(at, 'open/a', 'main', 'main-2', 'x', 'y');
    await daily(at, 'closed/a', 'x', 'y');
    await retain(at);
    expect(await tagsIn(at, 'open/a')).toEqual(['main', 'main-2', 'y']);
    expect(await tagsIn(at, 'closed/a')).toEqual(['x', 'y']);
  });

  test('takes nothing away that another one keeps', async () => {
    const at = await world([
      { keep: 1 },
      { tags: ['rc-*'], olderThanS: (30 * day) / 1000 },
      { keepTags: ['latest'] },
    ]);
    await daily(at, 'open/a', 'latest', 'rc-1', 'x', 'y');
    await retain(at);
    expect(await tagsIn(at, 'open/a')).toEqual(['latest', 'rc-1', 'y']);
  });

  test('never takes an immutable tag, nor counts one', async () => {
    const at = await world([{ keep: 1 }], { immutableTags: ['v*'] });
    await daily(at, 'open/a', 'v1', 'x', 'y', 'v2');
    await retain(at);
    expect(await tagsIn(at, 'open/a')).toEqual(['v1', 'v2', 'y']);
  });

  test('finds a tag young that was pushed again, as it was', async () => {
    const at = await world([{ keep: 1 }]);
    await daily(at, 'open/a', 'x', 'y', 'x');
    await retain(at);
    expect(await tagsIn(at, 'open/a')).toEqual(['x']);
  });
});

describe('what stays', () => {
  test('is a manifest that another tag stands for', async () => {
    const at = await world([{ tags: ['pr-*'], keep: 1 }]);
    const digest = await pushedImage(at.home, 'open/a', 'pr-1', 'same');
    await pushedImage(at.home, 'open/a', 'main', 'same');
    at.clock.advance(day);
    await daily(at, 'open/a', 'pr-2');
    expect((await retain(at)).counts).toEqual({ expiredTags: 1 });
    expect(await has(at, `open/a/manifests/${digest}`)).toBe(true);
  });

  test('is all that a kept index needs', async () => {
    const at = await world([{ tags: ['amd64-*'], keep: 1, untaggedS: 3600 }]);
    const child = await pushedChild(at, 'open/a', 'amd64');
    await pushedImage(at.home, 'open/a', 'amd64-1', 'amd64');
    const other = await pushedChild(at, 'open/a', 'arm64');
    await pushed(at, 'open/a/manifests/main', { manifests: [child, other] }, indexType);
    at.clock.advance(day);
    await daily(at, 'open/a', 'amd64-2');
    at.clock.advance(30 * day);
    expect((await retain(at)).counts).toEqual({ expiredTags: 1 });
    for (const { digest } of [child, other]) expect(await has(at, `open/a/manifests/${digest}`)).toBe(true);
  });

  test('are signatures of what is kept, by referrers and by tags', async () => {
    const at = await world([{ keep: 1, untaggedS: 3600 }]);
    const digest = await pushedImage(at.home, 'open/a', 'v1', 'layer');
    const { size } = await pushedChild(at, 'open/a', 'layer');
    const { config } = JSON.parse(Buffer.from((await manifestIn(at.home, 'open/a', 'sig')).body).toString());
    const subject = { mediaType: imageType, digest, size };
    const referrer = await pushed(at, 'open/a/manifests/', { config, layers: [], subject });
    const tag = `${digest.replace(':', '-')}.sig`;
    await pushedImage(at.home, 'open/a', tag, 'signature');
    at.clock.advance(30 * day);
    expect((await retain(at)).counts).toEqual({});
    expect(await has(at, `open/a/manifests/${referrer}`)).toBe(true);
    expect(await tagsIn(at, 'open/a')).toEqual([tag, 'v1']);
  });
});

describe('a manifest that nothing holds', () => {
  test('goes after its time, which begins when the last tag has left it', async () => {
    const at = await world([{ untaggedS: (2 * day) / 1000 }]);
    const digest = await pushedImage(at.home, 'open/a', 'main', 'first');
    at.clock.advance(10 * day);
    await pushedImage(at.home, 'open/a', 'main', 'second');
    at.clock.advance(day);
    expect((await retain(at)).counts).toEqual({});
    at.clock.advance(day + 1);
    expect((await retain(at)).counts).toEqual({ expiredManifests: 1 });
    expect(await has(at, `open/a/manifests/${digest}`)).toBe(false);
    expect(await tagsIn(at, 'open/a')).toEqual(['main']);
  });

  test('stays for good where no rule says otherwise', async () => {
    const at = await world([{ keep: 1 }]);
    const { digest } = await pushedChild(at, 'open/a', 'by digest');
    await daily(at, 'open/a', 'x', 'y');
    at.clock.advance(1000 * day);
    await retain(at);
    expect(await has(at, `open/a/manifests/${digest}`)).toBe(true);
  });
});

describe('what an image leaves behind that is gone', () => {
  async function signedIndex(at: World) {
    const child = await pushedChild(at, 'open/a', 'amd64');
    const index = await pushed(at, 'open/a/manifests/old', { manifests: [child] }, indexType);
    const { config } = JSON.parse(Buffer.from((await manifestIn(at.home, 'open/a', 'sig')).body).toString());
    const subject = { mediaType: indexType, digest: index, size: 1 };
    const referrer = await pushed(at, 'open/a/manifests/', { config, layers: [], subject });
    const tag = `${index.replace(':', '-')}.sig`;
    await pushedImage(at.home, 'open/a', tag, 'signature');
    at.clock.advance(day);
    await daily(at, 'open/a', 'new');
    return { child: child.digest, index, referrer, tag };
  }

  test('follows after the time that blobs have, when nobody needs them', async () => {
    const at = await world([{ keep: 1 }]);
    const { child, index, referrer, tag } = await signedIndex(at);
    expect((await retain(at)).counts).toEqual({ expiredTags: 1, expiredManifests: 1 });
    expect(await has(at, `open/a/manifests/${index}`)).toBe(false);
    expect(await has(at, `open/a/manifests/${child}`)).toBe(true);
    expect(await tagsIn(at, 'open/a')).toEqual(['new', tag]);
    at.clock.advance(hour + 1);
    expect((await retain(at)).counts).toEqual({ expiredTags: 1, expiredManifests: 3 });
    for (const digest of [child, referrer]) expect(await has(at, `open/a/manifests/${digest}`)).toBe(false);
    expect(await tagsIn(at, 'open/a')).toEqual(['new']);
    at.clock.advance(hour + 1);
    expect((await retain(at)).counts).toEqual({});
    expect(await at.home.stores.metadata.scan(['oci-left'])).toEqual([]);
  });

  test('stays when the image is back by then', async () => {
    const at = await world([{ keep: 1 }]);
    const { child, index, referrer, tag } = await signedIndex(at);
    await retain(at);
    const { bytes } = await at.home.as(alice, 'GET', `open/a/manifests/${child}`);
    const again = { mediaType: imageType, digest: child, size: bytes.length };
    await pushed(at, 'open/a/manifests/newest', { manifests: [again] }, indexType);
    at.clock.advance(2 * hour);
    await retain(at);
    for (const digest of [index, child, referrer])
      expect(await has(at, `open/a/manifests/${digest}`)).toBe(true);
    expect(await tagsIn(at, 'open/a')).toEqual(['newest', tag]);
  });
});

describe('a removal', () => {
  test('is told to the nodes, and written down with the reason', async () => {
    const at = await world([{ olderThanS: day / 1000 }]);
    await daily(at, 'open/a', 'x', 'y');
    at.clock.advance(1);
    const digest = await pushedImage(at.home, 'open/a', 'x', 'layer of x');
    await pushedImage(at.home, 'open/a', 'z', 'other');
    at.clock.advance(day + 1);
    await pushedImage(at.home, 'open/a', 'z', 'other');
    const { purged } = await retain(at);
    const keys = purged.flatMap((selector) => (selector.by === 'key' ? selector.key : []));
    expect(keys).toEqual(
      expect.arrayContaining(['oci tag/open/a:x', 'oci tag/open/a:y', `oci manifest/open/a@${digest}`]),
    );
    const expired = (await acts(at.home)).filter(({ what }) => what === 'oci.expire');
    expect(expired.map(({ by, subject, detail }) => [by, subject, detail['why']])).toContainEqual([
      ...['retention', 'oci open/a:x', 'pushed 24 h ago, kept for 24 h'],
    ]);
    expect(await tagsIn(at, 'open/a')).toEqual(['z']);
  });

  test('leaves quotas as if what is gone had never been there', async () => {
    const at = await world([{ keep: 1, untaggedS: 3600 }]);
    await daily(at, 'open/a', 'x', 'y', 'z');
    await retain(at);
    at.clock.advance(2 * hour);
    await at.home.protocol.retire?.({
      ...{ stores: at.home.stores, count: () => {}, signal: new AbortController().signal },
    });
    const [told] = await at.home.stores.metadata.scan(['usage-package', 'oci', 'hosted'], { limit: 1 });
    const { holdings } = at.home.protocol;
    const weight = await holdings?.weigh(at.home.stores.metadata, 'hosted', 'open/a');
    expect(weight?.versions).toBe(1);
    expect(told?.value).toMatchObject({ ...weight });
  });

  test('is foretold as it would be, and a dry run changes nothing', async () => {
    const at = await world([{ tags: ['pr-*'], keep: 1 }]);
    await pushedImage(at.home, 'open/a', 'pr-1', 'same');
    const digest = await pushedImage(at.home, 'open/a', 'pr-2', 'same');
    at.clock.advance(day);
    await pushedImage(at.home, 'open/a', 'pr-3', 'held');
    await pushedImage(at.home, 'open/a', 'main', 'held');
    at.clock.advance(day);
    await daily(at, 'open/a', 'pr-4');
    const dry = await retain(at, true);
    expect(dry.notes).toEqual([
      'open/a:pr-1: not among the newest 1',
      'open/a:pr-2: not among the newest 1',
      `open/a@${digest}: no tag stands for it any more`,
      'open/a:pr-3: not among the newest 1',
    ]);
    expect(dry.purged).toEqual([]);
    expect(await tagsIn(at, 'open/a')).toEqual(['main', 'pr-1', 'pr-2', 'pr-3', 'pr-4']);
    const { counts } = await retain(at);
    expect(counts).toEqual(dry.counts);
    expect(counts).toEqual({ expiredTags: 3, expiredManifests: 1 });
  });
});
