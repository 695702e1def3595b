/** Several clients change the same repository at the same moment: each is told what holds, and what is there is whole. */
import { afterEach, describe, expect, test } from 'bun:test';
import { systemClock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { collect } from '../../../origin/collection/collect.ts';
import { type Digest, digestOf, readDigest } from '../digest.ts';
import {
  alice,
  bytesOf,
  closeHomes,
  imageType,
  manifestIn,
  openTestHome,
  pushedBlob,
  pushedImage,
  type TestHome,
  type WholeAnswer,
} from './home.contract.ts';
import {
  allBelow,
  asBlob,
  asManifest,
  blobsPrefix,
  findBlob,
  manifestsPrefix,
  tagsPrefix,
} from './record.ts';

afterEach(closeHomes);

const statusOf = ({ status }: WholeAnswer) => status;
const textOf = ({ bytes }: WholeAnswer) => new TextDecoder().decode(bytes);

describe('at the same moment', () => {
  test('two push the same blob, whole and in pieces: both are told that it is there, and it is, once', async () => {
    const home = await openTestHome();
    const body = bytesOf('the same layer');
    const digest = digestOf(body);
    const inPieces = async (name: string) => {
      const begun = await home.as(alice, 'POST', `${name}/blobs/uploads/`);
      const place = begun.headers.get('location') ?? '';
      await home.as(alice, 'PATCH', place, { body: body.slice(0, 4) });
      return home.as(alice, 'PUT', `${place}?digest=${digest}`, { body: body.slice(4) });
    };
    const whole = (name: string) =>
      home.as(alice, 'POST', `${name}/blobs/uploads/?digest=${digest}`, { body });
    const pushed = await Promise.all([
      ...[inPieces('acme/a'), inPieces('acme/a'), inPieces('acme/b')],
      ...[whole('acme/a'), whole('acme/b'), whole('acme/b')],
    ]);
    expect(pushed.map(statusOf)).toEqual(Array(6).fill(201));
    expect((await home.stores.blobs.list(null, 10)).map(({ sizeBytes }) => sizeBytes)).toEqual([14]);
    for (const name of ['acme/a', 'acme/b'])
      expect(textOf(await home.as(alice, 'GET', `${name}/blobs/${digest}`))).toBe('the same layer');
    // It counts once in each.
    const { protocol, stores } = home;
    expect(await protocol.holdings?.weigh(stores.metadata, 'hosted', 'acme/a')).toMatchObject({ bytes: 14 });
  });

  test('two send the same upload: one is taken, and the other told where it goes on', async () => {
    const home = await openTestHome();
    const place = (await home.as(alice, 'POST', 'acme/a/blobs/uploads/')).headers.get('location') ?? '';
    const send = (text: string) =>
      home.as(alice, 'PATCH', place, { body: bytesOf(text), headers: { 'content-range': '0-4' } });
    const both = await Promise.all([send('first'), send('other')]);
    expect(both.map(statusOf).sort()).toEqual([202, 416]);
    const taken = both[0]?.status === 202 ? 'first' : 'other';
    const digest = digestOf(bytesOf(taken));
    expect((await home.as(alice, 'PUT', `${place}?digest=${digest}`)).status).toBe(201);
  });

  test('many move one tag: all are told so, and it stands for one of them, whole', async () => {
    const home = await openTestHome();
    const manifests = await Promise.all(
      Array.from({ length: 8 }, (_, nth) => manifestIn(home, 'acme/a', `image ${nth}`)),
    );
    const moved = await Promise.all(
      manifests.map((sent) => home.as(alice, 'PUT', 'acme/a/manifests/latest', sent)),
    );
    expect(moved.map(statusOf)).toEqual(Array(8).fill(201));
    const latest = await home.as(alice, 'GET', 'acme/a/manifests/latest');
    expect(manifests.map(({ body }) => new TextDecoder().decode(body))).toContain(textOf(latest));
    expect(digestOf(latest.bytes)).toBe(latest.headers.get('docker-content-digest') as Digest);
    const { value } = (await home.stores.metadata.scan(['oci-tagged', 'oci', 'acme/a'])).at(0) ?? {};
    expect(value).toEqual({});
    expect(await home.stores.metadata.scan(['oci-tagged', 'oci', 'acme/a'])).toHaveLength(1);
  });

  test('a manifest is pushed while its layer is deleted: either it is whole, or it is refused', async () => {
    for (let round = 0; round < 6; round++) {
      const home = await openTestHome();
      const manifest = await manifestIn(home, 'acme/a', 'layer');
      const layer = digestOf(bytesOf('layer'));
      const [pushed, deleted] = await Promise.all([
        home.as(alice, 'PUT', 'acme/a/manifests/v1', manifest),
        home.as(alice, 'DELETE', `acme/a/blobs/${layer}`),
      ]);
      expect([
        [201, 405],
        [400, 202],
      ]).toContainEqual([pushed.status, deleted.status]);
      await expectWhole(home);
      await closeHomes();
    }
  });

  test('a blob is mounted while its source lets go of it, and the store is collected: it is there, or is to be sent', async () => {
    for (let round = 0; round < 6; round++) {
      const home = await openTestHome();
      const digest = await pushedBlob(home, 'acme/a', 'mounted');
      const [mounted, deleted] = await Promise.all([
        home.as(alice, 'POST', `acme/b/blobs/uploads/?mount=${digest}&from=acme/a`),
        home.as(alice, 'DELETE', `acme/a/blobs/${digest}`),
        collected(home),
      ]);
      await collected(home);
      expect(deleted.status).toBe(202);
      expect([201, 202]).toContain(mounted.status);
      const got = await home.as(alice, 'GET', `acme/b/blobs/${digest}`);
      expect(got.status).toBe(mounted.status === 201 ? 200 : 404);
      await expectWhole(home);
      await closeHomes();
    }
  });

  test('everything at once, for a while: nothing that is there lacks anything', async () => {
    const home = await openTestHome();
    const random = dice(20_231);
    const names = ['acme/a', 'acme/b'];
    const texts = ['one', 'two', 'three'];
    const from = <One>(all: readonly One[]) => all[random(all.length)] as One;
    const changes: (() => Promise<unknown>)[] = [
      () => pushedImage(home, from(names), from(['v1', 'v2']), from(texts)),
      () => pushedImage(home, from(names), from(['v1', 'v2']), from(texts)),
      () => pushedBlob(home, from(names), from(texts)),
      () => home.as(alice, 'DELETE', `${from(names)}/manifests/${from(['v1', 'v2'])}`),
      async () => {
        const name = from(names);
        const { headers } = await home.as(alice, 'HEAD', `${name}/manifests/${from(['v1', 'v2'])}`);
        const digest = headers.get('docker-content-digest');
        if (digest !== null) await home.as(alice, 'DELETE', `${name}/manifests/${digest}`);
      },
      () => home.as(alice, 'DELETE', `${from(names)}/blobs/${digestOf(bytesOf(from(texts)))}`),
      () =>
        home.as(
          ...([alice, 'POST'] as const),
          `acme/b/blobs/uploads/?mount=${digestOf(bytesOf(from(texts)))}&from=acme/a`,
        ),
      () => collected(home),
    ];
    const told: string[] = [];
    const client = async () => {
      for (let nth = 0; nth < 25; nth++)
        await from(changes)().catch((error: unknown) => {
          // What is refused says why; another collection, or a layer that was deleted before its manifest came.
          told.push(error instanceof MeridianError ? error.code : String(error));
        });
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(told.filter((each) => !/^conflict$|MANIFEST_BLOB_UNKNOWN/.test(each))).toEqual([]);
    await expectWhole(home);
    await collected(home);
    await expectWhole(home);
    expect(home.stores.blobs.uploads.underWay.uploads).toBeLessThan(200);
  }, 30_000);
});

/** Takes what nobody needs, however young. */
async function collected({ stores }: TestHome): Promise<void> {
  await collect({
    ...{ stores, clock: systemClock, by: 'origin', graceMs: 0, dryRun: false, progress: () => {} },
    signal: new AbortController().signal,
  });
}

/** Every tag has its manifest, every manifest what it names, every record its bytes. */
async function expectWhole(home: TestHome): Promise<void> {
  const { blobs, metadata } = home.stores;
  for (const name of ['acme/a', 'acme/b']) {
    const at = { route: 'oci', name };
    const manifests = new Set<string>();
    for await (const { key, value } of allBelow(metadata, manifestsPrefix(at))) {
      const digest = key.at(-1) ?? '';
      manifests.add(digest);
      const { needs, blob } = asManifest(value);
      expect(`sha256:${blob}`).toBe(digest);
      for (const needed of needs)
        expect([name, digest, needed, (await findBlob(metadata, at, needed)) !== null]).toEqual([
          ...[name, digest, needed, true],
        ]);
      const got = await home.as(alice, 'GET', `${name}/manifests/${digest}`);
      expect([got.status, digestOf(got.bytes), got.headers.get('content-type')]).toEqual([
        ...[200, readDigest(digest), imageType],
      ]);
    }
    for await (const { key, value } of allBelow(metadata, blobsPrefix(at))) {
      const opened = await blobs.open(asBlob(value).blob);
      expect([name, key.at(-1), opened !== null]).toEqual([name, key.at(-1), true]);
      expect(`sha256:${digestOf(await new Response(opened?.body).bytes()).slice(7)}`).toBe(key.at(-1) ?? '');
    }
    for await (const { key, value } of allBelow(metadata, tagsPrefix(at)))
      expect([key.at(-1), [...manifests]]).toEqual([
        ...[key.at(-1), expect.arrayContaining([(value as { digest: string }).digest])],
      ]);
  }
}

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
