import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporary } from '../../../../../test/support/temporary.ts';
import type { FolderIn, Home as Keeping } from '../../../../protocol.ts';
import { alice, type Home, jobAt, openHome, publicationOf, published, tarballOf } from '../home.contract.ts';

function homeOf({ origin }: Home): Keeping {
  const { home } = origin.protocol;
  if (home === undefined) throw new Error('nothing lives here');
  return home;
}

interface Done {
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

async function work(
  home: Home,
  run: (keeping: Keeping, job: Parameters<Keeping['giveOut']>[1]) => Promise<void>,
) {
  const { job, counts, notes } = jobAt(home);
  await run(homeOf(home), job);
  return { counts, notes } satisfies Done;
}
const take = (home: Home, path: string, more: Partial<FolderIn> = {}) =>
  work(home, (keeping, job) =>
    keeping.takeIn({ path, layout: 'verdaccio', all: false, dryRun: false, ...more }, job),
  );
const give = (home: Home, path: string) =>
  work(home, (keeping, job) => keeping.giveOut({ path, what: [], dryRun: false }, job));

const read = async (home: Home, name: string) => {
  const answer = await home.as(alice, 'GET', `/${name}`);
  return { status: answer.status, ...(answer.status === 200 && JSON.parse(answer.text)) };
};
const fileStatus = async (home: Home, target: string) => (await home.as(alice, 'GET', target)).status;

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const hash = (bytes: Uint8Array, algorithm: string, form: 'hex' | 'base64') =>
  createHash(algorithm).update(bytes).digest(form);

interface Sample {
  readonly versions: readonly string[];
  readonly tags?: Record<string, string>;
  readonly deprecated?: Record<string, string>;
}

/** A package as Verdaccio keeps it. */
function keptByVerdaccio(root: string, name: string, { versions, tags, deprecated = {} }: Sample): void {
  const folder = join(root, name);
  const manifests = versions.map((version) => {
    const tarball = tarballOf(name, version);
    const file = `${name.split('/').at(-1)}-${version}.tgz`;
    put(join(folder, file), tarball);
    const dist = {
      integrity: `sha512-${hash(tarball, 'sha512', 'base64')}`,
      shasum: hash(tarball, 'sha1', 'hex'),
      tarball: `http://localhost:4873/${name}/-/${file}`,
    };
    const message = deprecated[version];
    return [
      version,
      { name, version, description: `of ${version}`, dist, ...(message && { deprecated: message }) },
    ];
  });
  const time = versions.map((version, nth) => [version, `2020-01-0${nth + 1}T00:00:00.000Z`]);
  put(
    join(folder, 'package.json'),
    JSON.stringify({
      name,
      versions: Object.fromEntries(manifests),
      'dist-tags': tags ?? { latest: versions.at(-1) },
      time: { created: '2019-12-31T00:00:00.000Z', ...Object.fromEntries(time) },
      readme: `# ${name}`,
      ...{ _uplinks: {}, _distfiles: {}, _attachments: {}, users: {}, _rev: '4-abc', _id: name },
    }),
  );
}

describe('an import of Verdaccio’s storage', () => {
  test('keeps versions, times, tags and deprecations', async () => {
    using folder = temporary('verdaccio');
    keptByVerdaccio(folder.path, '@acme/ui', {
      versions: ['1.0.0', '1.1.0', '2.0.0'],
      tags: { latest: '1.1.0', next: '2.0.0' },
      deprecated: { '1.0.0': 'too old' },
    });
    const home = await openHome();
    expect(await take(home, folder.path)).toEqual({
      counts: { packages: 1, added: 3, bytes: expect.any(Number) },
      notes: [],
    });
    const document = await read(home, '@acme/ui');
    expect(document['dist-tags']).toEqual({ latest: '1.1.0', next: '2.0.0' });
    expect(document.time).toMatchObject({
      created: '2019-12-31T00:00:00.000Z',
      '1.1.0': '2020-01-02T00:00:00.000Z',
    });
    expect(document.versions['1.0.0']).toMatchObject({ deprecated: 'too old', description: 'of 1.0.0' });
    expect(document.versions['2.0.0'].dist.signatures).toHaveLength(1);
    expect(document.readme).toBe('# @acme/ui');
    expect(await fileStatus(home, '/@acme/ui/-/ui-2.0.0.tgz')).toBe(200);
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'npm:@acme/ui' });
  });

  test('may be repeated, and does not undo what has happened here since', async () => {
    using folder = temporary('verdaccio');
    keptByVerdaccio(folder.path, 'own', { versions: ['1.0.0', '1.1.0'] });
    const home = await openHome();
    await take(home, folder.path);
    await published(home, 'own', '2.0.0');
    expect((await take(home, folder.path)).counts).toEqual({ packages: 1, there: 2 });
    keptByVerdaccio(folder.path, 'own', { versions: ['1.0.0', '1.1.0', '1.2.0'] });
    expect((await take(home, folder.path)).counts).toMatchObject({ there: 2, added: 1 });
    expect((await read(home, 'own'))['dist-tags']).toEqual({ latest: '2.0.0' });
  });

  test('changes nothing when it is dry, and finds the same', async () => {
    using folder = temporary('verdaccio');
    keptByVerdaccio(folder.path, 'own', { versions: ['1.0.0'] });
    const home = await openHome();
    expect((await take(home, folder.path, { dryRun: true })).counts).toMatchObject({ added: 1 });
    expect((await read(home, 'own')).status).toBe(404);
    expect(await home.stores.blobs.list(null, 10)).toEqual([]);
  });

  test('refuses what is broken by name, and goes on', async () => {
    using folder = temporary('verdaccio');
    const at = (...parts: string[]) => join(folder.path, ...parts);
    keptByVerdaccio(folder.path, '@acme/good', { versions: ['1.0.0'] });
    keptByVerdaccio(folder.path, '@acme/ui', { versions: ['1.0.0', '1.1.0', '1.2.0', '1.3.0'] });
    put(at('@acme/ui', 'ui-1.0.0.tgz'), 'no tarball');
    put(at('@acme/ui', 'ui-1.1.0.tgz'), tarballOf('@acme/ui', '9.9.9'));
    rmSync(at('@acme/ui', 'ui-1.2.0.tgz'));
    put(at('@acme/text', 'package.json'), '{"name":');
    put(at('@acme/other', 'package.json'), '{"name":"@acme/ui"}');
    keptByVerdaccio(folder.path, 'stranger', { versions: ['1.0.0'] });
    mkdirSync(at('@acme/empty'));
    const home = await openHome();
    const { counts, notes } = await take(home, folder.path);
    expect(counts).toMatchObject({ packages: 2, added: 2, refused: 7 });
    expect(notes.map((note) => note.split(': ')[0]).sort()).toEqual([
      ...['@acme/empty', '@acme/other', '@acme/text'],
      ...['@acme/ui@1.0.0', '@acme/ui@1.1.0', '@acme/ui@1.2.0', 'stranger'],
    ]);
    expect((await read(home, '@acme/ui'))['dist-tags']).toEqual({ latest: '1.3.0' });
    expect((await read(home, '@acme/good')).status).toBe(200);
  });

  test('does not take over another tarball, nor a number that was unpublished', async () => {
    using folder = temporary('verdaccio');
    keptByVerdaccio(folder.path, 'own', { versions: ['1.0.0', '1.1.0', '1.2.0'] });
    const home = await openHome();
    await published(home, 'own', '1.0.0', { files: { 'other.txt': 'another one' } });
    await published(home, 'own', '1.1.0');
    const { _rev, ...document } = JSON.parse((await home.as(alice, 'GET', '/own?write=true')).text);
    const { '1.1.0': _, ...versions } = document.versions;
    const edit = { ...document, versions, 'dist-tags': { latest: '1.0.0' } };
    expect((await home.as(alice, 'PUT', `/own/-rev/${_rev}`, edit)).status).toBe(200);
    const { counts, notes } = await take(home, folder.path);
    expect(counts).toMatchObject({ added: 1, refused: 2 });
    expect(notes.join('\n')).toContain('another tarball is published here');
    expect(notes.join('\n')).toContain('it was unpublished here');
  });

  test('leaves alone what Verdaccio has pulled from elsewhere, unless told otherwise', async () => {
    using folder = temporary('verdaccio');
    keptByVerdaccio(folder.path, '@acme/ui', { versions: ['1.0.0'] });
    keptByVerdaccio(folder.path, '@acme/pulled', { versions: ['1.0.0'] });
    put(join(folder.path, '.verdaccio-db.json'), '{"list":["@acme/ui"],"secret":"x"}');
    const home = await openHome();
    expect((await take(home, folder.path)).counts).toMatchObject({ packages: 1, added: 1 });
    expect((await take(home, folder.path, { all: true })).counts).toMatchObject({ there: 1, added: 1 });
  });
});

test('tarballs say themselves what they are, in folders within folders', async () => {
  using folder = temporary('tarballs');
  put(join(folder.path, 'a.tgz'), tarballOf('@acme/ui', '1.0.0'));
  put(join(folder.path, 'deep', 'b.tgz'), tarballOf('@acme/ui', '1.1.0'));
  put(join(folder.path, 'deep', 'broken.tgz'), 'nothing of the kind');
  put(join(folder.path, 'readme.txt'), 'not looked at');
  const home = await openHome();
  const { counts, notes } = await take(home, folder.path, { layout: 'tarballs' });
  expect(counts).toMatchObject({ packages: 1, added: 2, refused: 1 });
  expect(notes[0]).toContain('broken.tgz');
  const { versions, 'dist-tags': tags } = await read(home, '@acme/ui');
  expect([Object.keys(versions).sort(), tags]).toEqual([['1.0.0', '1.1.0'], { latest: '1.1.0' }]);
});

describe('an export', () => {
  async function populated(): Promise<Home> {
    const home = await openHome();
    await published(home, '@acme/ui', '1.0.0', { access: 'restricted' });
    await published(home, '@acme/ui', '1.1.0');
    await published(home, '@acme/ui', '2.0.0', { tags: { next: '2.0.0' } });
    await published(home, 'own', '1.0.0');
    await published(home, 'own', '1.1.0');
    const { _rev, ...document } = JSON.parse((await home.as(alice, 'GET', '/own?write=true')).text);
    const { '1.1.0': _, ...versions } = document.versions;
    versions['1.0.0'].deprecated = 'no more';
    const edit = { ...document, versions, 'dist-tags': { latest: '1.0.0' } };
    expect((await home.as(alice, 'PUT', `/own/-rev/${_rev}`, edit)).status).toBe(200);
    return home;
  }
  /** Without what differs between two registries that hold the same: who has signed, and when and as what it was last written. */
  function essence({
    versions,
    time: { modified: _, ...time },
    _rev: _revision,
    ...document
  }: Awaited<ReturnType<typeof read>>) {
    for (const version of Object.values<{ dist: { signatures?: unknown } }>(versions))
      delete version.dist.signatures;
    return { ...document, time, versions };
  }

  test('taken back by another origin gives the same packages', async () => {
    using folder = temporary('export');
    const home = await populated();
    expect((await give(home, folder.path)).counts).toMatchObject({ packages: 2, written: 4 });
    const other = await openHome();
    expect(await take(other, folder.path)).toMatchObject({ counts: { packages: 2, added: 4 }, notes: [] });
    for (const name of ['@acme/ui', 'own'])
      expect(essence(await read(other, name))).toEqual(essence(await read(home, name)));
    const refused = await other.as(alice, 'PUT', '/own', publicationOf('own', '1.1.0'));
    expect(refused.status, 'a number that was unpublished is used again').toBe(403);
    const access = await other.as(alice, 'GET', '/-/package/@acme%2fui/visibility');
    expect(access.text).toContain('"public":false');
  });

  test('goes on where it was stopped', async () => {
    using folder = temporary('export');
    using part = temporary('export');
    const home = await populated();
    await give(home, folder.path);
    cpSync(join(folder.path, '@acme'), join(part.path, '@acme'), { recursive: true });
    put(join(part.path, '@acme', 'ui', 'ui-1.0.0.tgz'), 'half of it');
    put(join(part.path, '@acme', 'ui', 'ui-1.1.0.tgz.part'), 'half of it');
    expect((await give(home, part.path)).counts).toMatchObject({ there: 2, written: 2 });
    expect(readdirSync(part.path).sort()).toEqual(readdirSync(folder.path).sort());
    expect((await take(await openHome(), part.path)).counts).toMatchObject({ added: 4 });
  });
});

test('a manifest that is too long is refused by name, and the next version is taken', async () => {
  using folder = temporary('verdaccio');
  keptByVerdaccio(folder.path, 'own', { versions: ['1.0.0', '1.1.0'] });
  const path = join(folder.path, 'own', 'package.json');
  const document = JSON.parse(await Bun.file(path).text());
  document.versions['1.1.0'].long = 'x'.repeat(5 * 2 ** 20);
  put(path, JSON.stringify(document));
  const { counts, notes } = await take(await openHome({ maxPackumentBytes: 64 * 2 ** 20 }), folder.path);
  expect(counts).toMatchObject({ added: 1, refused: 1 });
  expect(notes[0]).toStartWith('own@1.1.0: ');
});
