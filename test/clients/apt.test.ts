/**
 * The real apt, through a PoP and a shield, from archives that are built with Debian's own tools: cold, warm, with the upstream gone, with one that
 * changes while it is read, and from suites that live here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { basename, join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { apt } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  type AptSource,
  type AptUpstream,
  aptClient,
  buildArchive,
  buildDeb,
  type Files,
  noAptTools,
  openSigner,
  ran,
  type Signer,
  sha256Of,
  startAptUpstream,
} from '../support/apt.ts';
import { eventually, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const canRun = available('apt', noAptTools());
const folder = temporary('apt');
let signer: Signer;
let network: TestNetwork;
let calm: AptUpstream;
let restless: AptUpstream;
let plain: AptUpstream;
let alice: string;
let before: Files;
let after: Files;
let plainBefore: Files;
let plainAfter: Files;
let plainNext: Files;

const hello = 'pool/main/h/hello-acme/hello-acme_1.0_amd64.deb';
const everything: Right = { actions: ['read', 'publish', 'delete'], routes: ['own'], subjects: ['*'] };
/** Every index is asked for anew, so that a test sees what an upstream has just now. */
const now = { freshS: 0, staleWhileRevalidateS: 0 };

beforeAll(async () => {
  if (!canRun) return;
  signer = await openSigner();
  const one = await buildDeb(folder.path, { name: 'hello-acme', version: '1.0' });
  const reused = await buildDeb(`${folder.path}/other`, {
    name: 'hello-acme',
    version: '1.0',
    says: 'other bytes',
  });
  const two = await buildDeb(folder.path, { name: 'hello-acme', version: '2.0' });
  const three = await buildDeb(folder.path, { name: 'hello-acme', version: '3.0' });
  const newer = { [hello]: reused, 'pool/main/h/hello-acme/hello-acme_2.0_amd64.deb': two };
  const made = (byHash: boolean, packages: Readonly<Record<string, string>>, hoursAgo = 0) =>
    buildArchive(folder.path, signer, { suite: 'stable', byHash, packages, hoursAgo });
  [before, after, plainBefore, plainAfter, plainNext] = [
    await made(true, { [hello]: one }, 2),
    await made(true, newer, 1),
    await made(false, { [hello]: one }, 2),
    await made(false, newer, 1),
    await made(false, { ...newer, 'pool/main/h/hello-acme/hello-acme_3.0_amd64.deb': three }),
  ];
  [calm, restless, plain] = [
    await startAptUpstream(before),
    await startAptUpstream(before),
    await startAptUpstream(plainBefore),
  ];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      apt({ match: { path: '/apt' }, upstreams: [{ name: 'calm', url: calm.url }] }),
      apt({
        ...{ match: { path: '/now' }, name: 'now', metadata: now },
        upstreams: [
          { name: 'restless', url: restless.url },
          { name: 'plain', url: plain.url },
        ],
      }),
      apt({
        ...{ match: { path: '/strict' }, name: 'strict' },
        upstreams: [{ name: 'calm', url: calm.url }],
        policy: { blocked: ['hello-acme@<2'] },
        hosted: { names: ['hello-own'] },
      }),
      ...[1, 3].map((days) =>
        apt({
          ...{ match: { path: `/aged${days}` }, name: `aged-${days}` },
          upstreams: [{ name: 'calm', url: calm.url }],
          policy: { releaseAge: { minimumS: `${days}d` } },
        }),
      ),
      apt({
        match: { path: '/own' },
        name: 'own',
        upstreams: [],
        hosted: { names: ['acme-*'], public: ['acme-open*'] },
      }),
    ],
  });
  alice = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const upstream of [calm, restless, plain]) await upstream?.off();
  folder[Symbol.dispose]();
});

const at = (path: string, more: Partial<AptSource> = {}, pop = 'near'): AptSource => ({
  ...{ uri: `${network.url(pop)}${path}`, suite: 'stable', key: signer.publicKey, ...more },
});

async function updated(source: AptSource, auth?: string) {
  const client = aptClient(folder.path, [source], auth);
  const { code, text } = await client.run('update');
  expect(text).not.toMatch(/^[EW]:/m);
  expect(code).toBe(0);
  return client;
}

describe.skipIf(!canRun)('apt pulls through', () => {
  test('a suite and a package: cold, warm without a request to the upstream, and with the upstream gone', async () => {
    const cold = await updated(at('/apt/calm'));
    expect(await cold.download('hello-acme')).toEqual(Buffer.from(before.get(hello) ?? []));
    calm.forget();
    const warm = await updated(at('/apt/calm', {}, 'far'));
    expect(await warm.download('hello-acme')).toEqual(Buffer.from(before.get(hello) ?? []));
    expect(calm.requests().map(({ path }) => path)).toEqual([]);
    await calm.off();
    const later = await updated(at('/apt/calm'));
    expect(await later.download('hello-acme')).toEqual(Buffer.from(before.get(hello) ?? []));
    await calm.on();
  }, 60_000);

  test('plain names and hashes alike, whichever the client asks for', async () => {
    const client = await updated(at('/apt/calm', { byHash: 'no' }));
    expect(await client.download('hello-acme')).toEqual(Buffer.from(before.get(hello) ?? []));
    const forced = await updated(at('/now/plain', { byHash: 'force' }));
    expect(await forced.download('hello-acme')).toEqual(Buffer.from(plainBefore.get(hello) ?? []));
  }, 60_000);

  test('an upstream that changes between its release and its indexes, and never a mismatched pair', async () => {
    const first = await updated(at('/now/restless'));
    expect(await first.download('hello-acme=1.0')).toEqual(Buffer.from(before.get(hello) ?? []));
    // It changes when somebody has read the release of the generation before.
    const client = aptClient(folder.path, [at('/now/restless')]);
    restless.before = (path) => {
      if (path.endsWith('/InRelease')) return;
      restless.show(after);
    };
    const middle = await client.run('update');
    restless.before = null;
    restless.show(after);
    expect(middle.text).not.toContain('Hash Sum mismatch');
    const again = await client.run('update');
    expect(again.text).not.toMatch(/^[EW]:/m);
    expect(await client.download('hello-acme=2.0')).toEqual(
      Buffer.from(after.get('pool/main/h/hello-acme/hello-acme_2.0_amd64.deb') ?? []),
    );
    // The name of a file was used again for other bytes: nobody gets the old ones.
    expect(await client.download('hello-acme=1.0')).toEqual(Buffer.from(after.get(hello) ?? []));
  }, 60_000);

  test('the same from an upstream that knows no addresses by hash', async () => {
    const first = await updated(at('/now/plain'));
    expect(await first.download('hello-acme=1.0')).toEqual(Buffer.from(plainBefore.get(hello) ?? []));
    plain.before = (path) => {
      if (!path.endsWith('/InRelease')) plain.show(plainAfter);
    };
    const client = aptClient(folder.path, [at('/now/plain')]);
    const middle = await client.run('update');
    plain.before = null;
    plain.show(plainAfter);
    expect(middle.text).not.toContain('Hash Sum mismatch');
    const again = await client.run('update');
    expect(again.text).not.toMatch(/^[EW]:/m);
    expect(await client.download('hello-acme=1.0')).toEqual(Buffer.from(plainAfter.get(hello) ?? []));
  }, 60_000);

  test('a generation that is only half there is not entered: the one before answers', async () => {
    plain.show(plainAfter);
    await updated(at('/now/plain'));
    const half = [...plainNext].map(([path, bytes]) => {
      const isIndex = path.includes('binary-amd64');
      return [path, isIndex ? (plainAfter.get(path) ?? bytes) : bytes] as const;
    });
    plain.show(new Map(half));
    const client = await updated(at('/now/plain', {}, 'far'));
    await expect(client.download('hello-acme=3.0')).rejects.toThrow("'3.0'");
    expect(await client.download('hello-acme=1.0')).toEqual(Buffer.from(plainAfter.get(hello) ?? []));
    plain.show(plainNext);
    // The origin leaves what has just failed alone for a moment.
    const release = Buffer.from(plainNext.get('dists/stable/InRelease') ?? []).toString();
    await eventually('the whole generation', async () => {
      const shown = await fetch(`${network.url('far')}/now/plain/dists/stable/InRelease`);
      return (await shown.text()) === release;
    });
    const whole = await updated(at('/now/plain', {}, 'far'));
    expect((await whole.run('install', '-y', '--download-only', 'hello-acme=3.0')).code).toBe(0);
  }, 60_000);

  test('a release whose signature stands apart, and an archive that is flat', async () => {
    const packages = { [hello]: join(folder.path, 'other/hello-acme_1.0_amd64.deb') };
    const made = await buildArchive(folder.path, signer, { suite: 'apart', byHash: false, packages });
    const apart = new Map([...made].filter(([path]) => !path.endsWith('/InRelease')));
    const index = made.get('dists/apart/main/binary-amd64/Packages.xz') ?? new Uint8Array();
    const date = `Date: ${new Date().toUTCString().replace('GMT', 'UTC')}`;
    const list = made.get('dists/apart/main/binary-amd64/Packages') ?? new Uint8Array();
    const rows = [
      `${sha256Of(list)} ${list.length} Packages`,
      `${sha256Of(index)} ${index.length} Packages.xz`,
    ];
    const release = `Origin: Test\nSuite: flat/\n${date}\nSHA256:\n ${rows.join('\n ')}\n`;
    apart.set('flat/InRelease', Buffer.from(await signer.inRelease(release)));
    apart.set('flat/Packages.xz', index);
    plain.show(apart);
    for (const source of [{ suite: 'apart' }, { suite: 'flat/', components: '' }]) {
      const client = await updated(at('/now/plain', source));
      expect(await client.download('hello-acme=1.0')).toEqual(Buffer.from(plainAfter.get(hello) ?? []));
    }
    plain.show(plainNext);
  }, 60_000);
});

describe.skipIf(!canRun)('suites that live here', () => {
  const put = async (path: string, file: string, token = alice) =>
    fetch(`${network.url('near')}/own/acme/${path}`, {
      method: 'PUT',
      headers: bearer(token),
      body: await Bun.file(file).arrayBuffer(),
    });
  const key = async () => (await fetch(`${network.url('far')}/own/acme/archive-key.asc`)).text();
  const auth = () => `machine ${network.url('far')} login token password ${alice}\n`;

  test('are signed, and have what was published, and nothing else once it is gone', async () => {
    const open = await buildDeb(folder.path, { name: 'acme-open', version: '1:1.0-1' });
    const sent = await put('pool/stable/main/acme-open_1.0-1_amd64.deb', open);
    expect([sent.status, await sent.text()]).toEqual([
      201,
      '/acme/pool/stable/main/acme-open_1.0-1_amd64.deb\n',
    ]);
    const client = await updated(at('/own/acme', { key: await key() }, 'far'));
    expect(await client.download('acme-open')).toEqual(Buffer.from(await Bun.file(open).bytes()));
    const installed = await client.run('install', '-y', '--download-only', 'acme-open=1:1.0-1');
    expect(installed.code).toBe(0);

    for (const file of ['dists/stable/Release', 'dists/stable/Release.gpg', 'archive-key.gpg']) {
      const answer = await fetch(`${network.url('far')}/own/acme/${file}`);
      await Bun.write(join(folder.path, basename(file)), await answer.arrayBuffer());
    }
    const ring = join(folder.path, 'archive-key.gpg');
    await ran(['gpgv', '--keyring', ring, 'Release.gpg', 'Release'], folder.path);

    const next = await buildDeb(folder.path, { name: 'acme-open', version: '1:1.1', architecture: 'all' });
    const posted = await fetch(`${network.url('near')}/own/acme/stable/main`, {
      method: 'POST',
      headers: bearer(alice),
      body: await Bun.file(next).arrayBuffer(),
    });
    expect(posted.status).toBe(201);
    expect((await client.run('update')).text).not.toMatch(/^[EW]:/m);
    expect(await client.download('acme-open=1:1.1')).toEqual(Buffer.from(await Bun.file(next).bytes()));

    const gone = await fetch(`${network.url('near')}/own/acme/pool/stable/main/acme-open_1.1_all.deb`, {
      method: 'DELETE',
      headers: bearer(alice),
    });
    expect(gone.status).toBe(200);
    const later = await updated(at('/own/acme', { key: await key() }, 'far'));
    await expect(later.download('acme-open=1:1.1')).rejects.toThrow("'1:1.1'");
  }, 60_000);

  test('take a version with the same bytes again, and with no others, in whatever suite', async () => {
    const one = await buildDeb(folder.path, { name: 'acme-open-b', version: '1.0' });
    const other = await buildDeb(`${folder.path}/others`, {
      name: 'acme-open-b',
      version: '1.0',
      says: 'something else',
    });
    expect((await put('pool/stable/main/acme-open-b_1.0_amd64.deb', one)).status).toBe(201);
    expect((await put('pool/stable/main/acme-open-b_1.0_amd64.deb', one)).status).toBe(200);
    expect((await put('pool/stable/main/acme-open-b_1.0_amd64.deb', other)).status).toBe(409);
    expect((await put('pool/testing/main/acme-open-b_1.0_amd64.deb', other)).status).toBe(409);
    expect((await put('pool/testing/main/acme-open-b_1.0_amd64.deb', one)).status).toBe(201);
  }, 60_000);

  test('are for those who may read them, with a token in auth.conf', async () => {
    const secret = await buildDeb(folder.path, { name: 'acme-secret', version: '1.0' });
    expect((await put('pool/private/main/acme-secret_1.0_amd64.deb', secret)).status).toBe(201);
    const source = at('/own/acme', { suite: 'private', key: await key() }, 'far');
    const stranger = await aptClient(folder.path, [source]).run('update');
    expect(stranger.text).toMatch(/401/);
    const client = await updated(source, auth());
    expect(await client.download('acme-secret')).toEqual(Buffer.from(await Bun.file(secret).bytes()));
    const again = await aptClient(folder.path, [source]).run('update');
    expect(again.text).toMatch(/401/);
  }, 60_000);
});

describe.skipIf(!canRun)('what is refused', () => {
  test('by the policy, with the reason, and what lives here is not taken from elsewhere', async () => {
    const client = await updated(at('/strict/calm'));
    await expect(client.download('hello-acme')).rejects.toThrow('403');
    const blocked = await fetch(`${network.url('near')}/strict/calm/${hello}`);
    expect([blocked.status, await blocked.text()]).toEqual([403, expect.stringContaining('hello-acme')]);
    const aged = await Promise.all(
      [1, 3].map((days) => fetch(`${network.url('near')}/aged${days}/calm/${hello}`)),
    );
    expect(aged.map(({ status }) => status)).toEqual([200, 403]);
    const own = await fetch(`${network.url('near')}/strict/calm/pool/main/h/hello-own_1.0_amd64.deb`, {
      headers: bearer(alice),
    });
    expect(own.status).not.toBe(200);
  }, 60_000);

  test('as a package: a clear error each, and nothing is kept', async () => {
    const good = await Bun.file(await buildDeb(folder.path, { name: 'acme-open-x', version: '1.0' })).bytes();
    const put = async (path: string, body: Uint8Array) => {
      const answer = await fetch(`${network.url('near')}/own/${path}`, {
        ...{ method: 'PUT', headers: bearer(alice), body: new Uint8Array(body) },
      });
      return [answer.status, await answer.text()];
    };
    const address = 'bad/pool/stable/main/acme-open-x_1.0_amd64.deb';
    expect(await put(address, Buffer.from('hello'))).toEqual([
      400,
      expect.stringContaining('no Debian package'),
    ]);
    expect(await put(address, good.subarray(0, 300))).toEqual([400, expect.stringContaining('breaks off')]);
    const other = address.replace('_1.0_', '_1.1_');
    expect(await put(other, good)).toEqual([
      400,
      expect.stringContaining('the address acme-open-x_1.1_amd64.deb'),
    ]);
    const foreign = await Bun.file(await buildDeb(folder.path, { name: 'foreign', version: '1.0' })).bytes();
    expect((await put('bad/pool/stable/main/foreign_1.0_amd64.deb', foreign))[0]).toBe(403);
    for (const path of [
      'bad/pool/stable/main/x.deb',
      'bad/pool/stable/acme-open-x_1.0_amd64.deb',
      'bad/pool/..%2f/main/a_1_all.deb',
    ])
      expect([path, (await put(path, good))[0]]).toEqual([path, 400]);
    expect((await fetch(`${network.url('far')}/own/bad/dists/stable/InRelease`)).status).toBe(404);
    expect((await fetch(`${network.url('far')}/own/${address}`)).status).toBe(404);
  }, 60_000);

  test('of an upstream: releases that cannot be read, indexes with other bytes', async () => {
    const answers: readonly (readonly [string, string | Uint8Array])[] = [
      ['a page', '<html>Please log in</html>'],
      [
        'a signature that breaks off',
        Buffer.from(before.get('dists/stable/InRelease') ?? []).subarray(0, 900),
      ],
      ['what is no text', Buffer.from([0xff, 0xfe, 0x00])],
    ];
    for (const [what, bytes] of answers) {
      restless.show(new Map([['dists/broken/InRelease', Buffer.from(bytes)]]));
      const answer = await fetch(`${network.url('near')}/now/restless/dists/broken/InRelease`);
      expect([what, answer.status]).toEqual([what, 502]);
    }
    const wrong = new Map(before);
    for (const path of before.keys())
      if (path.includes('binary-amd64')) wrong.set(path, Buffer.from('other bytes'));
    restless.show(
      new Map([...wrong].map(([path, bytes]) => [path.replace('dists/stable', 'dists/wrong'), bytes])),
    );
    const index = await fetch(
      `${network.url('near')}/now/restless/dists/wrong/main/binary-amd64/Packages.xz`,
    );
    expect(index.status).toBe(502);
    restless.show(after);
  }, 60_000);
});
