/** Images go out as a layout and come in again, byte for byte; what is broken is named, and nothing of it is there. */
import { afterEach, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeImage } from '../../../../../test/support/image.ts';
import { temporary } from '../../../../../test/support/temporary.ts';
import type { FolderIn, FolderOut } from '../../../../protocol.ts';
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

const folders: Disposable[] = [];

afterEach(async () => {
  await closeHomes();
  for (const folder of folders.splice(0)) folder[Symbol.dispose]();
});

function place(name: string): string {
  const folder = temporary('layout');
  folders.push(folder);
  return join(folder.path, name);
}

const indexType = 'application/vnd.oci.image.index.v1+json';

interface Done {
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

async function work(
  home: TestHome,
  run: (
    kept: NonNullable<TestHome['protocol']['home']>,
    job: Parameters<NonNullable<TestHome['protocol']['home']>['giveOut']>[1],
  ) => Promise<void>,
): Promise<Done> {
  const counts: Record<string, number> = {};
  const notes: string[] = [];
  const kept = home.protocol.home;
  if (kept === undefined) throw new Error('nothing lives there');
  await run(kept, {
    stores: home.stores,
    purge: async (selectors) => void home.purged.push(...selectors),
    get: () => Promise.reject(new Error('nothing is asked for')),
    count: (what, more = 1) => {
      counts[what] = (counts[what] ?? 0) + more;
    },
    note: (sentence) => notes.push(sentence),
    signal: new AbortController().signal,
  });
  return { counts, notes };
}

const give = (home: TestHome, path: string, more: Partial<FolderOut> = {}) =>
  work(home, (kept, job) => kept.giveOut({ path, what: [], dryRun: false, ...more }, job));
const take = (home: TestHome, path: string, more: Partial<FolderIn> = {}) =>
  work(home, (kept, job) => kept.takeIn({ path, layout: 'oci', all: false, dryRun: false, ...more }, job));

async function textAt(home: TestHome, path: string): Promise<string> {
  const { status, bytes } = await home.as(alice, 'GET', path);
  return `${status} ${new TextDecoder().decode(bytes)}`;
}

async function put(home: TestHome, path: string, document: object, type = imageType) {
  const body = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: type, ...document }));
  const digest = digestOf(body);
  const target = path.endsWith('/') ? `${path}${digest}` : path;
  const answer = await home.as(alice, 'PUT', target, { body, headers: { 'content-type': type } });
  if (answer.status !== 201) throw new Error(new TextDecoder().decode(answer.bytes));
  return { mediaType: type, digest, size: body.length };
}

/** Two repositories: an index of two platforms with a signature and a tag about it; an image with a layer of SHA-512. */
async function filled(): Promise<{ home: TestHome; paths: readonly string[] }> {
  const home = await openTestHome();
  const children: object[] = [];
  for (const text of ['amd64', 'arm64']) {
    const sent = await manifestIn(home, 'acme/app', text);
    children.push(await put(home, 'acme/app/manifests/', JSON.parse(Buffer.from(sent.body).toString())));
  }
  const index = await put(home, 'acme/app/manifests/v1', { manifests: children }, indexType);
  await put(home, 'acme/app/manifests/latest', { manifests: children }, indexType);
  const { config } = JSON.parse(Buffer.from((await manifestIn(home, 'acme/app', 'sig')).body).toString());
  const referrer = await put(home, 'acme/app/manifests/', { config, layers: [], subject: index });
  const about = `${index.digest.replace(':', '-')}.sig`;
  await pushedImage(home, 'acme/app', about, 'signature');
  const layer = bytesOf('a layer of SHA-512');
  const digest = digestOf(layer, 'sha512');
  await home.as(alice, 'POST', `acme/other/blobs/uploads/?digest=${digest}`, { body: layer });
  const other = JSON.parse(Buffer.from((await manifestIn(home, 'acme/other', 'amd64')).body).toString());
  other.layers.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: layer.length });
  await put(home, 'acme/other/manifests/v2', other);
  const own = ['latest', 'v1', about, index.digest, referrer.digest];
  const paths = [
    ...[...own, ...children.map((each) => (each as { digest: string }).digest)].map(
      (reference) => `acme/app/manifests/${reference}`,
    ),
    ...['amd64', 'arm64', 'signature'].map((text) => `acme/app/blobs/${digestOf(bytesOf(text))}`),
    ...[`acme/app/referrers/${index.digest}`, 'acme/app/tags/list', 'acme/other/manifests/v2'],
    `acme/other/blobs/${digest}`,
  ];
  return { home, paths };
}

async function expectSame(one: TestHome, other: TestHome, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const expected = await textAt(one, path);
    expect(expected).toStartWith('200 ');
    expect([path, await textAt(other, path)]).toEqual([path, expected]);
  }
}

describe.each(['layout', 'layout.tar'])('all that lives on a route, as %s', (kind) => {
  test('comes back byte for byte, with its signatures', async () => {
    const { home, paths } = await filled();
    const path = place(kind);
    const out = await give(home, path);
    expect([out.notes, out.counts['repositories'], out.counts['images']]).toEqual([[], 2, 5]);
    const other = await openTestHome();
    const taken = await take(other, path);
    expect([taken.notes, taken.counts['added']]).toEqual([[], 5]);
    await expectSame(home, other, paths);
    expect((await take(other, path)).counts).toEqual({ there: 5 });
  });

  test('is foretold, and nothing is written', async () => {
    const { home } = await filled();
    const path = place(kind);
    const dry = await give(home, path, { dryRun: true });
    expect(await Bun.file(path).exists()).toBe(false);
    expect(await Bun.file(join(path, 'index.json')).exists()).toBe(false);
    const { counts } = await give(home, path);
    expect(dry.counts).toEqual(counts);
    const other = await openTestHome();
    expect((await take(other, path, { dryRun: true })).counts).toMatchObject({ added: 5 });
    expect(await textAt(other, 'acme/app/tags/list')).toStartWith('404');
    expect(await other.stores.metadata.scan(['oci-blob'])).toEqual([]);
  });
});

describe('an export', () => {
  test('of one repository names its tags alone, and has what is about a chosen image', async () => {
    const { home, paths } = await filled();
    const path = place('layout');
    const { counts } = await give(home, path, { what: ['acme/app:v1'] });
    expect(counts).toMatchObject({ repositories: 1, images: 3 });
    const { manifests } = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8'));
    const names = manifests.map(
      ({ annotations }: { annotations?: Record<string, string> }) =>
        annotations?.['org.opencontainers.image.ref.name'],
    );
    expect(names.sort()).toEqual([expect.stringMatching(/^sha256-.*\.sig$/), 'v1', undefined]);
    const other = await openTestHome();
    await take(other, path, { as: 'open/copy' });
    const copied = paths.filter((each) => /^acme\/app\/manifests\/(v1|sha256)/.test(each));
    for (const each of copied)
      expect(await textAt(other, each.replace('acme/app', 'open/copy'))).toBe(await textAt(home, each));
  });

  test('goes on where it was stopped, and puts right what is damaged', async () => {
    const { home } = await filled();
    const path = place('layout');
    const first = await give(home, path);
    const again = await give(home, path);
    expect(again.counts).toMatchObject({ there: first.counts['written'] });
    expect(again.counts['written']).toBeUndefined();
    const blob = join(path, 'blobs', 'sha256', digestOf(bytesOf('amd64')).slice('sha256:'.length));
    writeFileSync(blob, 'amd46');
    expect((await give(home, path)).counts).toMatchObject({ written: 1 });
    expect(readFileSync(blob, 'utf8')).toBe('amd64');
  });

  test('adds to what is in the folder, and moves names', async () => {
    const home = await openTestHome();
    const path = place('layout');
    await pushedImage(home, 'acme/app', 'v1', 'one');
    await pushedImage(home, 'acme/app', 'latest', 'one');
    await give(home, path, { what: ['acme/app'] });
    await pushedImage(home, 'acme/app', 'latest', 'two');
    await give(home, path, { what: ['acme/app:latest'] });
    const other = await openTestHome();
    await take(other, path, { as: 'acme/app' });
    for (const tag of ['v1', 'latest'])
      expect(await textAt(other, `acme/app/manifests/${tag}`)).toBe(
        await textAt(home, `acme/app/manifests/${tag}`),
      );
  });

  test('says what there is not, and refuses what is no name', async () => {
    const { home } = await filled();
    const { counts, notes } = await give(home, place('layout'), {
      what: ['acme/app:v9', 'acme/none', 'acme/app:v1'],
    });
    expect(counts).toMatchObject({ missing: 2, images: 3 });
    expect(notes).toEqual(['there is no acme/app:v9', 'no repository acme/none lives here']);
    await expect(give(home, place('layout'), { what: ['ACME/app'] })).rejects.toMatchObject({
      detail: '"ACME/app" is no name of an image, such as acme/app:v1',
    });
  });
});

describe('an import', () => {
  const sha = (text: string) => join('blobs', 'sha256', digestOf(bytesOf(text)).slice('sha256:'.length));

  async function layoutOf(text: string): Promise<string> {
    const home = await openTestHome();
    const path = place('layout');
    await pushedImage(home, 'acme/app', 'v1', text);
    await give(home, path);
    return path;
  }

  async function expectNothing(home: TestHome): Promise<void> {
    expect(await textAt(home, 'acme/app/tags/list')).toStartWith('404');
    for (const kind of ['oci-manifest', 'oci-tag', 'oci-need'])
      expect(await home.stores.metadata.scan([kind])).toEqual([]);
  }

  test('names what is broken, and leaves no half of an image', async () => {
    const missing = await layoutOf('layer');
    await Bun.file(join(missing, sha('layer'))).delete();
    const damaged = await layoutOf('layer');
    writeFileSync(join(damaged, sha('layer')), 'lager');
    const short = await layoutOf('layer');
    truncateSync(join(short, sha('layer')), 3);
    for (const [path, why] of [
      [missing, 'there is no such file'],
      [damaged, 'its bytes are others'],
      [short, 'it has 3 bytes, not 5'],
    ] as const) {
      const home = await openTestHome();
      const { counts, notes } = await take(home, path);
      expect(counts).toMatchObject({ refused: 1 });
      expect(notes).toEqual([`${path}: acme/app:v1: ${sha('layer')}: ${why}`]);
      expect(await home.stores.metadata.scan(['oci-tag'])).toEqual([]);
      expect(await home.stores.metadata.scan(['oci-manifest'])).toEqual([]);
    }
  });

  test('of what is no layout fails, and says which file is wrong', async () => {
    const home = await openTestHome();
    const empty = place('layout');
    mkdirSync(empty);
    const noIndex = place('layout');
    mkdirSync(noIndex);
    writeFileSync(join(noIndex, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const old = await layoutOf('layer');
    writeFileSync(join(old, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    const garbled = await layoutOf('layer');
    writeFileSync(join(garbled, 'index.json'), '{"schemaVersion":2,"manifests":[{}]}');
    const packed = place('images.tar.gz');
    writeFileSync(packed, Bun.gzipSync(new Uint8Array(2048)));
    const text = place('images.tar');
    writeFileSync(text, 'no archive'.repeat(100));
    for (const [path, why] of [
      [place('gone'), 'there is no such file or folder'],
      [empty, 'oci-layout: there is no such file, so this is no OCI image layout'],
      [noIndex, 'index.json: there is no such file'],
      [old, 'oci-layout: it does not say that this is an OCI image layout of version 1'],
      [garbled, 'index.json: manifests.0.'],
      [packed, 'it is compressed'],
      [text, 'it is no tar archive'],
    ] as const)
      await expect(take(home, path)).rejects.toMatchObject({ detail: expect.stringContaining(why) });
    await expectNothing(home);
  });

  test('of an archive that breaks off takes nothing in', async () => {
    const { home } = await filled();
    const path = place('images.tar');
    await give(home, path);
    truncateSync(path, Bun.file(path).size - 3000);
    const other = await openTestHome();
    await expect(take(other, path)).rejects.toMatchObject({ detail: `${path}: it breaks off` });
    await expectNothing(other);
  });

  test('leaves a tag where it is, moves it when told so, and an immutable one never', async () => {
    const path = await layoutOf('theirs');
    const home = await openTestHome();
    const ours = await pushedImage(home, 'acme/app', 'v1', 'ours');
    const stays = await take(home, path);
    expect(stays.counts).toMatchObject({ refused: 1 });
    expect(stays.notes).toEqual([`${path}: acme/app:v1: acme/app:v1 stands for ${ours} here`]);
    expect((await take(home, path, { move: true })).counts).toMatchObject({ added: 1 });
    expect(home.purged).toContainEqual({ by: 'key', key: 'oci tag/acme/app:v1' });

    const strict = await openTestHome({ immutableTags: ['v*'] });
    await pushedImage(strict, 'acme/app', 'v1', 'ours');
    expect((await take(strict, path, { move: true })).counts).toMatchObject({ refused: 1 });
    expect(await textAt(strict, 'acme/app/manifests/v1')).toContain(digestOf(bytesOf('ours')));
  });

  test('keeps to quotas and to the names that live here, and is written down', async () => {
    const path = await layoutOf('layer');
    const refusedBy: [Partial<HostedOptions>, string][] = [
      [{ quota: { repositoryBytes: 10 } }, 'acme/app'],
      [{ quota: { manifests: 1 } }, ''],
      [{ names: ['open/*'] }, 'does not live on this route'],
    ];
    for (const [options, why] of refusedBy) {
      const home = await openTestHome(options);
      if (options.quota?.manifests === 1) await pushedImage(home, 'acme/app', 'other', 'other');
      const { counts, notes } = await take(home, path);
      expect(counts).toMatchObject({ refused: 1 });
      expect(notes[0]).toContain(why);
      expect(await home.stores.metadata.get(['oci-tag', 'oci', 'acme/app', 'v1'])).toBeNull();
    }
    const home = await openTestHome();
    await take(home, path);
    expect((await acts(home)).map(({ by, what, subject }) => [by, what, subject])).toEqual([
      ['operator', 'oci.push', 'oci acme/app:v1'],
    ]);
  });

  test('takes what skopeo and its like write, under the name that it is given', async () => {
    const path = place('skopeo');
    const image = writeImage(path, 'v7', { platforms: ['amd64', 'arm64'] });
    const home = await openTestHome();
    const nameless = await take(home, path);
    expect(nameless.notes).toEqual([`${path}: v7: it does not say which repository it belongs to (--as)`]);
    await take(home, path, { as: 'acme/app' });
    await take(home, path, { as: 'acme/app:mine' });
    for (const tag of ['v7', 'mine']) {
      const { headers } = await home.as(alice, 'HEAD', `acme/app/manifests/${tag}`);
      expect(headers.get('docker-content-digest')).toBe(image.digest);
    }
  });

  test('goes on where it was stopped: what the repository has is not read again', async () => {
    const path = await layoutOf('layer');
    const home = await openTestHome();
    await manifestIn(home, 'acme/app', 'layer');
    const { counts } = await take(home, path);
    expect(counts).toEqual({ added: 1 });
  });
});
