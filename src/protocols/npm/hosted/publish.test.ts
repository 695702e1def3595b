import { afterEach, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { virtualClock } from '../../../../test/support/clock.ts';
import { pack } from '../../../../test/support/package.ts';
import { asSha256, condemnedBlobKey } from '../../../store.ts';
import { abbreviatedAccept, closeWorld, integrityOf, packumentOf, upstream } from '../world.contract.ts';
import {
  alice,
  type Draft,
  openHome,
  publicationOf,
  published,
  someone,
  tarballOf,
} from './home.contract.ts';

afterEach(closeWorld);

describe('a version', () => {
  test('is there in every form once it is published', async () => {
    const home = await openHome();
    const manifest = { dependencies: { other: '^1.0.0' }, scripts: { postinstall: 'node x' } };
    await published(home, '@acme/ui', '1.0.0', { manifest });
    const full = JSON.parse((await home.origin.get('/@acme/ui')).text);
    expect(full).toMatchObject({ name: '@acme/ui', 'dist-tags': { latest: '1.0.0' } });
    expect(full.maintainers).toEqual([{ name: 'alice' }]);
    const short = JSON.parse((await home.origin.get('/@acme/ui', abbreviatedAccept)).text);
    expect(short.versions['1.0.0']).toMatchObject({
      dependencies: { other: '^1.0.0' },
      hasInstallScript: true,
    });
    const tarball = await home.origin.get('/@acme/ui/-/ui-1.0.0.tgz');
    expect(tarball.headers.get('repr-digest')).toStartWith('sha-512=:');
    expect(JSON.parse((await home.origin.get('/@acme/ui/latest')).text)).toMatchObject({ version: '1.0.0' });
    expect(JSON.parse((await home.origin.get('/-/package/@acme/ui/dist-tags')).text)).toEqual({
      latest: '1.0.0',
    });
  });

  test('is never replaced, whoever is the first of many', async () => {
    const home = await openHome();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        home.as(alice, 'PUT', '/own', publicationOf('own', '1.0.0', { files: { 'a.txt': String(at) } })),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 403),
    ]);
    const winner = answers.findIndex(({ status }) => status === 201);
    const { text } = await home.origin.get('/own/1.0.0');
    const bytes = tarballOf('own', '1.0.0', { 'a.txt': String(winner) });
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    expect(JSON.parse(text).dist.integrity).toBe(integrity);
  });

  test('is told to the nodes before its author hears that it is done', async () => {
    const home = await openHome();
    await published(home, 'own', '1.0.0');
    expect(home.purged).toContainEqual({ by: 'tag', tag: 'npm:own' });
    home.purged.length = 0;
    await published(home, 'own', '1.1.0');
    expect(home.purged).toEqual([
      { by: 'key', key: 'npm packument/full/own' },
      { by: 'key', key: 'npm packument/abbreviated/own' },
      { by: 'key', key: 'npm dist-tags/own' },
      { by: 'tag', tag: 'npm-manifests:own' },
      { by: 'key', key: 'npm tarball/own/own-1.1.0.tgz' },
      { by: 'key', key: 'npm attestations/own/1.1.0' },
    ]);
  });

  test('that could not be told is told by the next process', async () => {
    const home = await openHome();
    home.bus = 'down';
    await expect(published(home, 'own', '1.0.0')).rejects.toMatchObject({ code: 'bus-unreachable' });
    const next = home.again();
    await next.origin.get('/own');
    while (next.purged.length === 0) await Bun.sleep(1);
    expect(next.purged).toEqual([{ by: 'tag', tag: 'npm:own' }]);
  });

  test('whose bytes are being collected is published later', async () => {
    const clock = virtualClock();
    const home = await openHome({}, clock);
    const sha256 = asSha256(createHash('sha256').update(tarballOf('own', '1.0.0')).digest('hex'));
    if (sha256 === undefined) throw new Error('no digest');
    const { metadata } = home.stores;
    await metadata.transact((transaction) => transaction.put(condemnedBlobKey(sha256), {}));
    const put = () => home.as(alice, 'PUT', '/own', publicationOf('own', '1.0.0'));
    const refused = put().catch((error: unknown) => error);
    const moving = setInterval(() => clock.advance(100), 1);
    expect(await refused).toMatchObject({ code: 'store-unavailable', retryAfterS: 5 });
    clearInterval(moving);
    await metadata.transact((transaction) => transaction.delete(condemnedBlobKey(sha256)));
    expect((await put()).status).toBe(201);
    expect((await metadata.scan(['blob', sha256])).map(({ key }) => key.slice(2))).toEqual([
      ['held', 'npm', 'npm', 'own', '1.0.0'],
    ]);
  });
});

describe('refused, with nothing left of it, is', () => {
  const other = tarballOf('own', '2.0.0');
  const drafts: Record<string, readonly [draft: Draft, reason: string, version?: string]> = {
    'a tarball of another length': [{ length: 3 }, 'bytes, not 3 as announced'],
    'a tarball of another digest': [{ dist: { integrity: integrityOf('other') } }, 'dist.integrity'],
    'a tarball of another SHA-1': [{ dist: { shasum: 'a'.repeat(40) } }, 'dist.shasum'],
    'the tarball of another version': [{ tarball: other }, 'own@2.0.0'],
    'no archive': [{ tarball: Buffer.from('no archive') }, 'not valid gzip'],
    'an archive that breaks off': [{ tarball: tarballOf('own', '1.0.0').slice(0, -12) }, 'tarball'],
    'an archive of nothing': [{ tarball: Bun.gzipSync(Buffer.alloc(1024)) }, 'no package.json'],
    'a package.json of another version in disguise': [{ tarball: disguised() }, 'own@6.6.6'],
    'no version': [{}, 'is no version', '1.0'],
    'a version with build metadata': [{}, 'is no version', '1.0.0+a'],
    'a tag for another version': [{ tags: { latest: '0.9.0' } }, 'for another version'],
    'a tag like a version': [{ tags: { '1.x': '1.0.0' } }, 'is no tag'],
    'another attachment': [{ attachments: { 'a.txt': { data: 'x' } } }, 'Besides the tarball'],
    'provenance of something else': [
      { attachments: { 'a.sigstore': bundleFor('own', '1.0.0', 'ab') } },
      'about',
    ],
  };
  for (const [what, [draft, reason, version = '1.0.0']] of Object.entries(drafts)) {
    test(what, async () => {
      const home = await openHome();
      const answer = await home.as(alice, 'PUT', '/own', publicationOf('own', version, draft));
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(reason)]);
      expect((await home.origin.get('/own')).status).toBe(404);
      expect(home.purged).toEqual([]);
    });
  }

  test('whoever is not known, or has no right', async () => {
    const home = await openHome();
    const body = publicationOf('own', '1.0.0');
    expect(await home.as(null, 'PUT', '/own', body)).toMatchObject({
      status: 401,
      text: expect.stringContaining('authentication needed'),
    });
    expect((await home.as(someone('bob', 'read', 'admin'), 'PUT', '/own', body)).status).toBe(403);
  });

  test('a name that does not live here', async () => {
    const home = await openHome();
    const answer = await home.as(alice, 'PUT', '/elsewhere', publicationOf('elsewhere', '1.0.0'));
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('cannot be published here')]);
  });
});

describe('where other names may be published', () => {
  const hosted = { scopes: [], names: [], others: true, access: 'public' } as const;

  test('those of an upstream are not, and the rest is ours from then on', async () => {
    const registry = upstream((request) =>
      new URL(request.url).pathname === '/left'
        ? new Response(packumentOf('left', registry.url))
        : new Response('{}', { status: 404 }),
    );
    const home = await openHome({ hosted, remotes: [registry, { url: registry.url, scopes: ['@theirs'] }] });
    for (const name of ['left', '@theirs/x'])
      expect((await home.as(alice, 'PUT', `/${name}`, publicationOf(name, '1.0.0'))).status).toBe(403);
    await published(home, 'right', '1.0.0');
    registry.seen.length = 0;
    for (const path of ['/right', '/right/9.9.9', '/right/-/right-9.9.9.tgz']) await home.origin.get(path);
    expect(registry.seen).toEqual([]);
  });

  test('nothing is while the upstream cannot tell', async () => {
    const registry = upstream(() => new Response('', { status: 500 }));
    const home = await openHome({ hosted, remotes: [registry] });
    expect((await home.as(alice, 'PUT', '/x', publicationOf('x', '1.0.0'))).status).toBe(503);
  });
});

test('provenance is served at the address that the version names', async () => {
  const home = await openHome();
  const sha512 = createHash('sha512').update(tarballOf('@acme/ui', '1.0.0')).digest('hex');
  const attachments = { '@acme/ui-1.0.0.sigstore': bundleFor('%40acme/ui', '1.0.0', sha512) };
  await published(home, '@acme/ui', '1.0.0', { attachments });
  const { dist } = JSON.parse((await home.origin.get('/@acme/ui/1.0.0')).text);
  expect(dist.attestations.provenance.predicateType).toBe('https://slsa.dev/provenance/v1');
  const { pathname } = new URL(dist.attestations.url);
  const { attestations } = JSON.parse((await home.origin.get(pathname)).text);
  expect(attestations).toMatchObject([{ predicateType: 'https://slsa.dev/provenance/v1' }]);
});

/** An archive whose second package.json has that name in an extended header alone, which installers obey. */
function disguised(): Uint8Array {
  const entries = (files: Record<string, string>) => {
    const archive = Buffer.from(Bun.gunzipSync(Buffer.from(pack({ name: 'own', version: '1.0.0' }, files))));
    return archive.subarray(0, -1024);
  };
  const header = Buffer.from(entries({ 'pax.txt': '30 path=package/package.json\n' }));
  const at = header.indexOf('package/pax.txt');
  header.write('x', at + 156);
  const sum = header
    .subarray(at, at + 512)
    .reduce((total, byte, nth) => total + (nth >= 148 && nth < 156 ? 0x20 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  const other = entries({ 'other.txt': JSON.stringify({ name: 'own', version: '6.6.6' }) });
  const hidden = other.subarray(other.indexOf('package/other.txt'));
  return Bun.gzipSync(Buffer.concat([header, hidden, Buffer.alloc(1024)]));
}

function bundleFor(name: string, version: string, sha512: string) {
  const statement = {
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: [{ name: `pkg:npm/${name}@${version}`, digest: { sha512 } }],
  };
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.3',
    dsseEnvelope: { payload, payloadType: 'application/vnd.in-toto+json', signatures: [] },
  };
  const data = JSON.stringify(bundle);
  return { content_type: bundle.mediaType, data, length: data.length };
}
