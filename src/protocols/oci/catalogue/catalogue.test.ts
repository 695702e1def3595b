/** What people are told of repositories that live here: found, described, weighed, for whom may read them; and taken away. */
import { afterEach, describe, expect, test } from 'bun:test';
import { exchange as exchangeOf } from '../../../../test/support/builders.ts';
import { virtualClock } from '../../../../test/support/clock.ts';
import { type Held, mostVersions } from '../../../catalogue.ts';
import type { Identity } from '../../../identity.ts';
import type { Catalogue, Lent } from '../../../protocol.ts';
import { digestOf } from '../digest.ts';
import {
  acts,
  alice,
  bytesOf,
  closeHomes,
  imageType,
  openTestHome,
  pushedBlob,
  pushedImage,
  type TestHome,
} from '../hosted/home.contract.ts';

afterEach(closeHomes);

const indexType = 'application/vnd.oci.image.index.v1+json';
const everything = { mayRead: () => true };
/** Who has been given nothing by name. */
const public_ = { mayRead: (_: string, restricted: boolean) => !restricted };
const nothingHeld: Held = { async *all() {}, sizeBytes: () => null, etag: () => null };

function lent(home: TestHome, reader: Lent['reader'] = everything, identity: Identity = alice): Lent {
  const exchange = { ...exchangeOf({ target: '/' }), identity, tier: null, client: () => '192.0.2.1' };
  const signal = AbortSignal.timeout(10_000);
  const named = { as: 'pass', kind: 'catalogue', why: 'bypass', ask: [] } as const;
  const ask = { exchange, named, stored: null, background: false, reload: false, signal };
  return { ask, origin: home.door, reader, held: nothingHeld };
}

function catalogueOf({ protocol }: TestHome): Required<Catalogue> {
  const { catalogue } = protocol;
  if (!catalogue?.versions || !catalogue.artifact || !catalogue.remove) throw new Error('it has none');
  return {
    ...catalogue,
    versions: catalogue.versions,
    artifact: catalogue.artifact,
    remove: catalogue.remove,
  };
}

const search = async (home: TestHome, text = '', reader: Lent['reader'] = everything) => {
  const wanted = { words: text === '' ? [] : [text], kind: null, limit: 10, after: null };
  const { packages, total } = await catalogueOf(home).search(wanted, lent(home, reader));
  return { names: packages.map(({ name }) => name), packages, total };
};

async function put(home: TestHome, name: string, reference: string, manifest: object): Promise<string> {
  const body = bytesOf(JSON.stringify(manifest));
  const type = (manifest as { mediaType?: string }).mediaType ?? imageType;
  const answer = await home.as(alice, 'PUT', `${name}/manifests/${reference}`, {
    ...{ body, headers: { 'content-type': type } },
  });
  if (answer.status !== 201) throw new Error(new TextDecoder().decode(answer.bytes));
  return answer.headers.get('docker-content-digest') ?? '';
}

interface Made {
  readonly config?: object;
  readonly layers?: readonly string[];
  readonly more?: object;
}

/** Pushes its blobs, and gives its manifest. */
async function imageIn(home: TestHome, name: string, { config = {}, layers = ['layer'], more = {} }: Made) {
  const described = async (mediaType: string, text: string) => ({
    ...{ mediaType, digest: await pushedBlob(home, name, text), size: bytesOf(text).length },
  });
  const made = [];
  for (const text of layers) made.push(await described('application/vnd.oci.image.layer.v1.tar+gzip', text));
  return {
    ...{ schemaVersion: 2, mediaType: imageType },
    config: await described('application/vnd.oci.image.config.v1+json', JSON.stringify(config)),
    layers: made,
    ...more,
  };
}

describe('repositories', () => {
  test('are found by name, and described by the newest of their tags, or latest', async () => {
    const clock = virtualClock();
    const home = await openTestHome({}, clock);
    const description = { 'org.opencontainers.image.description': 'What people run' };
    const manifest = await imageIn(home, 'open/app', { more: { annotations: description } });
    await put(home, 'open/app', 'v1', manifest);
    clock.advance(1000);
    await pushedImage(home, 'open/app', 'v2', 'other');
    await pushedImage(home, 'open/base', 'v1', 'base');
    expect((await search(home)).names).toEqual(['open/app', 'open/base']);
    const { packages, total } = await search(home, 'app');
    expect(total).toBe(1);
    expect(packages[0]).toMatchObject({
      ...{ name: 'open/app', kind: 'hosted', latest: 'v2', publisher: 'alice', publishedMs: clock.now() },
    });
    await put(home, 'open/app', 'latest', manifest);
    expect((await search(home, 'app')).packages[0]).toMatchObject({
      ...{ latest: 'latest', description: 'What people run' },
    });
  });

  test('that somebody may not read are in no list, in no count, and not to be told from what there is not', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/app', 'v1', 'one');
    await pushedImage(home, 'closed/app', 'v1', 'two');
    expect(await search(home, '', public_)).toMatchObject({ names: ['open/app'], total: 1 });
    const catalogue = catalogueOf(home);
    for (const name of ['closed/app', 'closed/none']) {
      expect(await catalogue.describe(name, lent(home, public_))).toBeNull();
      expect(await catalogue.artifact(name, 'v1', lent(home, public_))).toBeNull();
      const page = { limit: 10, after: null };
      expect(await catalogue.versions(name, page, lent(home, public_))).toBeNull();
      const removal = catalogue.remove(name, 'v1', lent(home, public_));
      await expect(removal).rejects.toMatchObject({ code: 'no-such-record' });
    }
  });

  test('by the thousands are gone through page by page, each once', async () => {
    const home = await openTestHome();
    await home.stores.metadata.transact(async (transaction) => {
      for (let number = 0; number < 5000; number++)
        await transaction.put(['oci-repository', 'oci', `open/r${number}`], { createdMs: 0 });
    });
    const seen = new Set<string>();
    let after: { score: number; name: string; isNext: boolean } | null = null;
    for (let pages = 0; pages < 3; pages++) {
      const page: Awaited<ReturnType<Catalogue['search']>> = await catalogueOf(home).search(
        { words: [], kind: null, limit: 100, after },
        lent(home),
      );
      expect([page.packages.length, page.total]).toEqual([100, 5000]);
      for (const { name } of page.packages) seen.add(name);
      const last = page.packages.at(-1);
      after = { score: last?.score ?? 0, name: last?.name ?? '', isNext: false };
    }
    expect(seen.size).toBe(300);
  });
});

describe('a repository', () => {
  test('has its tags, the newest first, each with what it is and how large', async () => {
    const clock = virtualClock();
    const home = await openTestHome({}, clock);
    const first = await pushedImage(home, 'open/app', 'v1', 'layer');
    clock.advance(1000);
    const manifest = await imageIn(home, 'open/app', { layers: ['chart'] });
    const chart = { ...manifest, artifactType: 'application/vnd.cncf.helm.config.v1+json' };
    await put(home, 'open/app', 'chart', chart);
    const page = await catalogueOf(home).describe('open/app', lent(home));
    expect(page?.versions.map(({ version, artifact }) => [version, artifact?.kind])).toEqual([
      ['chart', 'chart'],
      ['v1', 'image'],
    ]);
    const [, image] = page?.versions ?? [];
    const bytes = (await home.as(alice, 'GET', 'open/app/manifests/v1')).bytes.length;
    expect(image).toMatchObject({
      ...{ digest: first, publisher: 'alice', kept: 'hosted' },
      sizeBytes: bytes + 'layer'.length + 'config of layer'.length,
    });
  });

  test('with more than a thousand tags tells them page by page', async () => {
    const home = await openTestHome();
    const digest = await pushedImage(home, 'open/app', 'v1', 'layer');
    await home.stores.metadata.transact(async (transaction) => {
      for (let number = 0; number < 1500; number++)
        await transaction.put(['oci-tag', 'oci', 'open/app', `t${number}`], {
          digest,
          movedMs: number,
          by: 'ci',
        });
    });
    const catalogue = catalogueOf(home);
    const page = await catalogue.describe('open/app', lent(home));
    expect([page?.versions.length, page?.versionCount]).toEqual([mostVersions, 1501]);
    const last = page?.versions.at(-1);
    const after = { score: last?.publishedMs ?? 0, name: last?.version ?? '', isNext: false };
    const rest = await catalogue.versions('open/app', { limit: mostVersions, after }, lent(home));
    expect([rest?.versions.length, rest?.versions.at(-1)?.version]).toEqual([501, 't0']);
    const all = new Set([...(page?.versions ?? []), ...(rest?.versions ?? [])].map(({ version }) => version));
    expect(all.size).toBe(1501);
  });

  test('says what others have, too, as far as the reader may know', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/app', 'v1', 'a layer for all');
    await pushedImage(home, 'closed/app', 'v1', 'a layer for all');
    const shared = 'a layer for all'.length + 'config of a layer for all'.length;
    const bytes = (await home.as(alice, 'GET', 'open/app/manifests/v1')).bytes.length;
    const sizes = async (reader: Lent['reader']) =>
      (await catalogueOf(home).describe('open/app', lent(home, reader)))?.sizes;
    // The manifests are the same, as well.
    expect(await sizes(everything)).toEqual({ ownBytes: 0, sharedBytes: shared + bytes });
    expect(await sizes(public_)).toEqual({ ownBytes: shared + bytes, sharedBytes: 0 });
    await pushedBlob(home, 'open/app', 'mine');
    expect(await sizes(everything)).toEqual({ ownBytes: 4, sharedBytes: shared + bytes });
  });
});

describe('a version', () => {
  test('of several platforms has each of them, with what is the same counted once', async () => {
    const home = await openTestHome();
    const children = [];
    for (const architecture of ['amd64', 'arm64']) {
      const config = { architecture, os: 'linux' };
      const manifest = await imageIn(home, 'open/app', { config, layers: ['for both', architecture] });
      const digest = await put(home, 'open/app', digestOf(bytesOf(JSON.stringify(manifest))), manifest);
      const size = bytesOf(JSON.stringify(manifest)).length;
      children.push({ mediaType: imageType, digest, size, platform: { architecture, os: 'linux' } });
    }
    const index = { schemaVersion: 2, mediaType: indexType, manifests: children };
    const digest = await put(home, 'open/app', 'v1', index);
    const told = await catalogueOf(home).artifact('open/app', 'v1', lent(home));
    expect(told).toMatchObject({ digest, kind: 'index', tags: ['v1'], note: null, publisher: 'alice' });
    expect(told?.platforms).toEqual(['linux/amd64', 'linux/arm64']);
    expect(told?.children.map(({ platform, isHere }) => [platform, isHere])).toEqual([
      ['linux/amd64', true],
      ['linux/arm64', true],
    ]);
    const sum = (told?.children ?? []).reduce((all, { sizeBytes }) => all + (sizeBytes ?? 0), 0);
    expect(told?.sizeBytes).toBe((told?.manifestBytes ?? 0) + sum - 'for both'.length);
    const listed = await catalogueOf(home).describe('open/app', lent(home));
    expect(listed?.versions[0]).toMatchObject({ sizeBytes: told?.sizeBytes, artifact: { kind: 'index' } });
  });

  test('says how it runs and was made, with no values of its environment', async () => {
    const home = await openTestHome();
    const config = {
      ...{
        architecture: 'arm64',
        variant: 'v8',
        os: 'linux',
        created: '2024-05-01T00:00:00Z',
        author: 'ada',
      },
      config: {
        ...{ Entrypoint: ['/app'], Cmd: ['--help'], User: '1000', WorkingDir: '/srv' },
        ...{ Env: ['PATH=/bin', 'SECRET=hunter2'], ExposedPorts: { '80/tcp': {} } },
        Labels: { 'org.opencontainers.image.source': 'https://git.example/app' },
      },
      history: [
        { created_by: 'COPY app /app # buildkit' },
        { created_by: '/bin/sh -c #(nop)  CMD ["--help"]', empty_layer: true },
      ],
    };
    await put(home, 'open/app', 'v1', await imageIn(home, 'open/app', { config }));
    const told = await catalogueOf(home).artifact('open/app', 'v1', lent(home));
    expect(told?.config).toMatchObject({
      ...{ platform: 'linux/arm64/v8', author: 'ada', createdMs: Date.parse('2024-05-01') },
      ...{ entrypoint: ['/app'], command: ['--help'], user: '1000', workingDir: '/srv', ports: ['80/tcp'] },
      environment: ['PATH', 'SECRET'],
    });
    expect(JSON.stringify(told)).not.toContain('hunter2');
    expect(told?.layers.map(({ history }) => history)).toEqual(['COPY app /app']);
    const page = await catalogueOf(home).describe('open/app', lent(home));
    expect(page?.repository).toBe('https://git.example/app');
  });

  test('has what refers to it: by the API, and by the tags of cosign', async () => {
    const home = await openTestHome();
    const digest = await pushedImage(home, 'open/app', 'v1', 'layer');
    const { bytes } = await home.as(alice, 'GET', 'open/app/manifests/v1');
    const subject = { mediaType: imageType, digest, size: bytes.length };
    const sbom = await imageIn(home, 'open/app', { layers: ['sbom'] });
    await put(home, 'open/app', 'sbom', { ...sbom, artifactType: 'application/spdx+json', subject });
    await pushedImage(home, 'open/app', `${digest.replace(':', '-')}.sig`, 'signature');
    const told = await catalogueOf(home).artifact('open/app', digest, lent(home));
    expect(told?.referrers.map(({ kind, artifactType, tag }) => [kind, artifactType, tag])).toEqual([
      ['sbom', 'application/spdx+json', null],
      [...['signature', 'application/vnd.oci.image.config.v1+json'], `${digest.replace(':', '-')}.sig`],
    ]);
    const about = await catalogueOf(home).artifact('open/app', 'sbom', lent(home));
    expect(about).toMatchObject({ kind: 'sbom', subject: digest });
  });

  test('is cut where its publisher goes on for ever, and what is no text is left out', async () => {
    const home = await openTestHome();
    const annotations = { long: 'x'.repeat(5000) };
    const config = { config: { Labels: { number: 1, fine: '<b>bold</b>' }, Env: 'none' }, history: 'none' };
    await put(home, 'open/app', 'v1', await imageIn(home, 'open/app', { config, more: { annotations } }));
    const told = await catalogueOf(home).artifact('open/app', 'v1', lent(home));
    expect(told?.annotations['long']?.length).toBe(2000);
    expect(told?.config).toMatchObject({ labels: { fine: '<b>bold</b>' }, environment: [] });
  });
});

describe('taking away', () => {
  const reader = { ...alice, name: 'user:bob', may: ({ action }: { action: string }) => action === 'read' };

  test('a tag leaves the manifest, and a manifest takes its tags along; both are written down', async () => {
    const home = await openTestHome();
    const digest = await pushedImage(home, 'open/app', 'v1', 'layer');
    await pushedImage(home, 'open/app', 'v2', 'layer');
    const catalogue = catalogueOf(home);
    await catalogue.remove('open/app', 'v1', lent(home));
    expect((await home.as(alice, 'GET', 'open/app/manifests/v1')).status).toBe(404);
    expect((await catalogue.artifact('open/app', digest, lent(home)))?.tags).toEqual(['v2']);
    expect(home.purged).toContainEqual({ by: 'key', key: 'oci tag/open/app:v1' });
    await catalogue.remove('open/app', digest, lent(home));
    expect(await catalogue.artifact('open/app', 'v2', lent(home))).toBeNull();
    const last = (await acts(home)).at(-1);
    expect(last).toMatchObject({ by: 'user:alice', what: 'oci.delete', from: '192.0.2.1' });
  });

  test('a repository leaves nothing of it, and nothing of another one is gone', async () => {
    const home = await openTestHome();
    for (let number = 0; number < 45; number++)
      await pushedImage(home, 'open/app', `v${number}`, `layer ${number}`);
    await pushedImage(home, 'open/other', 'v1', 'layer 1');
    await catalogueOf(home).remove('open/app', null, lent(home));
    expect((await search(home)).names).toEqual(['open/other']);
    expect((await home.as(alice, 'GET', 'open/other/manifests/v1')).status).toBe(200);
    const left = [];
    for (const kind of ['oci-blob', 'oci-manifest', 'oci-need', 'oci-tag', 'oci-tagged', 'oci-unpurged'])
      left.push(...(await home.stores.metadata.scan([kind, 'oci', 'open/app'])));
    expect(left).toEqual([]);
    const lanes = await home.stores.metadata.scan(['usage-package', 'oci', 'hosted']);
    expect(lanes.filter(({ key }) => key.includes('open/app')).map(({ value }) => value)).toEqual(
      lanes.filter(({ key }) => key.includes('open/app')).map(() => ({ packages: 0, versions: 0, bytes: 0 })),
    );
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'oci:open/app' });
    expect((await acts(home)).map(({ what }) => what)).toContain('oci.delete-repository');
  });

  test('that is broken off is told, as far as it has come, and goes on when it is asked for again', async () => {
    const home = await openTestHome();
    await pushedImage(home, 'open/app', 'v1', 'layer');
    const asked = lent(home);
    const gone = { ...asked, ask: { ...asked.ask, signal: AbortSignal.abort() } };
    await expect(catalogueOf(home).remove('open/app', null, gone)).rejects.toThrow();
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'oci:open/app' });
    await catalogueOf(home).remove('open/app', null, lent(home));
    expect(await home.stores.metadata.scan(['oci-repository', 'oci'])).toEqual([]);
  });

  test('needs the right to, and nothing is gone without', async () => {
    const home = await openTestHome({ immutableTags: ['release-*'] });
    await pushedImage(home, 'open/app', 'v1', 'layer');
    const catalogue = catalogueOf(home);
    for (const version of ['v1', null]) {
      const refused = catalogue.remove('open/app', version, lent(home, everything, reader));
      await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    }
    await pushedImage(home, 'open/app', 'release-1', 'layer');
    const refused = catalogue.remove('open/app', null, lent(home));
    await expect(refused).rejects.toMatchObject({ code: 'kept-as-it-is' });
    expect((await home.as(alice, 'GET', 'open/app/manifests/v1')).status).toBe(200);
  });
});
