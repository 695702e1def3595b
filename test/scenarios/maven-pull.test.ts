/**
 * Maven repositories through a PoP, a shield and an origin, request by request: what is verified and what is not kept, lists of several upstreams, the
 * policy, and all that an upstream may send that is wrong. Deploying: `maven-deploy.test.ts`; the real client: `clients/maven.test.ts`.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { maven } from '../../src/index.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { type MavenRepository, startMavenRepository } from '../support/maven-repository.ts';

let first: MavenRepository;
let second: MavenRepository;
let network: TestNetwork;

beforeAll(async () => {
  first = await startMavenRepository({ sums: ['md5', 'sha1', 'sha512'] });
  second = await startMavenRepository();
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      maven({
        upstreams: [
          { url: first.url },
          { url: second.url },
          { url: `${second.url}/`, names: ['com.claimed.*'] },
        ],
      }),
      maven({ name: 'loose', match: { path: '/loose' }, upstreams: [{ url: first.url }], checksums: 'warn' }),
      maven({
        name: 'quick',
        match: { path: '/quick' },
        upstreams: [{ url: first.url }],
        metadata: { freshS: 1, staleWhileRevalidateS: 60 },
        maxIndexBytes: '16 KiB',
      }),
      maven({
        name: 'guarded',
        match: { path: '/guarded' },
        upstreams: [{ url: first.url }],
        policy: { blocked: ['org.policy:lib@<1.1', 'org.never:*'], releaseAge: { minimumS: '7d' } },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [first, second]) await each?.off();
}, 30_000);

beforeEach(() => {
  for (const each of [first, second]) each.forget();
});

const urlOf = (path: string, pop = 'near', route = 'maven') => `${network.url(pop)}/${route}${path}`;
const get = (path: string, pop?: string, route?: string) => fetch(urlOf(path, pop, route));
const textOf = async (path: string, pop?: string) => (await get(path, pop)).text();
const sumOf = (by: string, bytes: string) => createHash(by).update(bytes).digest('hex');

/** What a client hears of what is refused. */
async function heard(path: string, init?: RequestInit): Promise<string> {
  const response = await fetch(urlOf(path), init);
  return `${response.status} ${await response.text()}`;
}

describe('an artifact', () => {
  test('is compared with the checksum of its upstream, and kept for good', async () => {
    first.deploy('org.one', 'lib', '1.0');
    const response = await get('/org/one/lib/1.0/lib-1.0.jar');
    expect(await response.text()).toBe('org.one:lib:1.0');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-type')).toBe('application/java-archive');
    expect(response.headers.get('x-checksum-sha1')).toBe(sumOf('sha1', 'org.one:lib:1.0'));
    for (const by of ['md5', 'sha1', 'sha512']) {
      expect(await textOf(`/org/one/lib/1.0/lib-1.0.jar.${by}`)).toBe(sumOf(by, 'org.one:lib:1.0'));
    }
    expect((await get('/org/one/lib/1.0/lib-1.0.jar.sha256')).status).toBe(404);
    const head = await fetch(urlOf('/org/one/lib/1.0/lib-1.0.pom'), { method: 'HEAD' });
    expect([head.status, head.headers.get('x-checksum-sha512')]).toEqual([
      200,
      expect.stringMatching(/^[0-9a-f]{128}$/),
    ]);
    first.forget();
    expect(await textOf('/org/one/lib/1.0/lib-1.0.jar', 'far')).toBe('org.one:lib:1.0');
    expect(await textOf('/org/one/lib/1.0/lib-1.0.jar.sha1', 'far')).toBe(sumOf('sha1', 'org.one:lib:1.0'));
    expect(first.requests()).toEqual([]);
  });

  test('that is not what any of its checksums says is an error, and is not kept', async () => {
    for (const [version, by, extension] of [
      ['1', 'sha512', 'jar'],
      ['2', 'sha1', 'jar'],
      ['3', 'sha1', 'pom'],
      ['4', 'sha512', 'pom'],
    ] as const) {
      first.deploy('org.wrong', 'lib', version);
      const path = `/org/wrong/lib/${version}/lib-${version}.${extension}`;
      first.answer(`${path}.${by}`, { body: sumOf(by, 'something else') });
      for (const pop of ['near', 'far', 'near']) {
        const got = await get(path, pop).then(
          async (response) => (response.ok ? response.text().then(() => 'whole') : 'refused'),
          () => 'broken off',
        );
        expect([path, by, got]).not.toEqual([path, by, 'whole']);
      }
    }
  });

  test('that breaks off is an error, and comes whole the next time', async () => {
    first.deploy('org.cut', 'lib', '1.0', { jar: 'x'.repeat(100_000) });
    const path = '/org/cut/lib/1.0/lib-1.0.jar';
    first.fault({ as: 'cut', afterBytes: 5000 }, (request) => request.path === path);
    const cut = await get(path).then(
      (response) => response.text().then((text) => (response.ok ? text.length : 0)),
      () => 0,
    );
    expect(cut).toBeLessThan(100_000);
    first.fault(null);
    expect((await textOf(path)).length).toBe(100_000);
  });

  test('without any checksum is refused, unless the config says otherwise; a signature needs none', async () => {
    first.put('/org/bare/lib/1.0/lib-1.0.jar', 'bare');
    first.put('/org/bare/lib/1.0/lib-1.0.jar.asc', 'signed');
    for (const ends of ['jar', 'jar.asc']) {
      for (const by of ['md5', 'sha1', 'sha512'])
        first.answer(`/org/bare/lib/1.0/lib-1.0.${ends}.${by}`, { status: 404 });
    }
    expect(await heard('/org/bare/lib/1.0/lib-1.0.jar')).toContain(
      'has no checksum of org/bare/lib/1.0/lib-1.0.jar',
    );
    expect(await (await get('/org/bare/lib/1.0/lib-1.0.jar', 'near', 'loose')).text()).toBe('bare');
    expect((await get('/org/bare/lib/1.0/lib-1.0.jar.sha1', 'near', 'loose')).status).toBe(404);
    expect(await textOf('/org/bare/lib/1.0/lib-1.0.jar.asc')).toBe('signed');
  });

  test('is compared with what the head of its answer says where there are no checksum files', async () => {
    const path = '/org/head/lib/1.0/lib-1.0.jar';
    const absent = () =>
      ['md5', 'sha1', 'sha512'].map((by) => first.answer(`${path}.${by}`, { status: 404 }));
    absent();
    first.answer(path, { body: 'right', headers: { 'x-checksum-sha256': sumOf('sha256', 'right') } });
    expect(await textOf(path)).toBe('right');
    expect(await textOf(`${path}.sha256`)).toBe(sumOf('sha256', 'right'));
  });

  test('comes from the first upstream that has it, and a failure is no such answer', async () => {
    second.deploy('org.second', 'lib', '1.0');
    expect(await textOf('/org/second/lib/1.0/lib-1.0.jar')).toBe('org.second:lib:1.0');
    second.deploy('org.third', 'lib', '1.0');
    first.fault({ as: 'status', status: 503 }, ({ path }) => path.startsWith('/org/third/'));
    expect((await get('/org/third/lib/1.0/lib-1.0.jar')).status).toBeGreaterThanOrEqual(500);
    expect(second.requests().filter(({ path }) => path.startsWith('/org/third/'))).toEqual([]);
    first.fault(null);
  });

  test('of a claimed group is asked for there and nowhere else', async () => {
    first.deploy('com.claimed', 'lib', '1.0', { jar: 'evil' });
    expect((await get('/com/claimed/lib/1.0/lib-1.0.jar')).status).toBe(404);
    second.deploy('com.claimed.deep', 'lib', '1.0', { jar: 'ours' });
    first.deploy('com.claimed.deep', 'lib', '1.0', { jar: 'evil' });
    expect(await textOf('/com/claimed/deep/lib/1.0/lib-1.0.jar')).toBe('ours');
    expect(first.requests()).toEqual([]);
  });

  test('is fetched before it is asked for, once its POM has been', async () => {
    first.deploy('org.next', 'parent', '3', { packaging: 'pom' });
    first.deploy('org.next', 'lib', '1.0', {
      pom: '<parent><groupId>org.next</groupId><artifactId>parent</artifactId><version>3</version></parent>',
    });
    await textOf('/org/next/lib/1.0/lib-1.0.pom');
    await eventually(
      'the jar and the parent to be fetched',
      () =>
        first.count('/org/next/lib/1.0/lib-1.0.jar') === 1 &&
        first.count('/org/next/parent/3/parent-3.pom') === 1,
    );
  });
});

describe('a list', () => {
  test('says what all upstreams say, with the checksum of the very bytes', async () => {
    first.deploy('org.list', 'lib', '1.9');
    second.deploy('org.list', 'lib', '1.10', { at: new Date('2026-05-04T03:02:01Z') });
    const path = '/org/list/lib/maven-metadata.xml';
    const list = await textOf(path);
    expect(list).toMatch(/<version>1\.9<\/version>\s*<version>1\.10<\/version>/);
    expect(list).toContain('<release>1.10</release>');
    expect(list).toContain('<lastUpdated>20260504030201</lastUpdated>');
    for (const by of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(await textOf(`${path}.${by}`)).toBe(sumOf(by, list));
      expect(await textOf(`${path}.${by}`, 'far')).toBe(sumOf(by, list));
    }
    expect(first.count(path)).toBe(1);
  });

  test('and its checksum change together', async () => {
    const path = '/org/often/lib/maven-metadata.xml';
    const list = async () => (await get(path, 'near', 'quick')).text();
    const sum = async () => (await get(`${path}.sha1`, 'near', 'quick')).text();
    for (const [day, version] of ['1.1', '1.2', '1.3'].entries()) {
      first.deploy('org.often', 'lib', version, { at: new Date(Date.UTC(2026, 0, day + 1)) });
      // Whoever asks for the list alone makes it newer than a checksum that is used while it is confirmed.
      const newest = await eventually('the new version to be listed', async () => {
        const text = await list();
        return text.includes(`<release>${version}</release>`) && text;
      });
      await Bun.sleep(100); // the purge of what has changed is on its way
      expect(await sum()).toBe(sumOf('sha1', newest));
    }
  });

  test('fails where one upstream does, rather than to leave out its versions', async () => {
    first.deploy('org.half', 'lib', '1.0');
    second.fault({ as: 'status', status: 500 }, ({ path }) => path.startsWith('/org/half/'));
    expect((await get('/org/half/lib/maven-metadata.xml')).status).toBeGreaterThanOrEqual(500);
    second.fault(null);
  });

  test('of a group names the plugins of all upstreams', async () => {
    const plugins = (prefix: string) =>
      `<metadata><plugins><plugin><name>P</name><prefix>${prefix}</prefix><artifactId>${prefix}-plugin</artifactId></plugin></plugins></metadata>`;
    first.put('/org/plugins/maven-metadata.xml', plugins('one'));
    second.put('/org/plugins/maven-metadata.xml', plugins('two'));
    const list = await textOf('/org/plugins/maven-metadata.xml');
    expect([...list.matchAll(/<prefix>(.*?)</g)].map(([, prefix]) => prefix)).toEqual(['one', 'two']);
  });

  test('that is longer than the config allows is an error', async () => {
    const versions = Array.from({ length: 2000 }, (_, number) => `<version>1.${number}</version>`).join('');
    first.put(
      '/org/long/lib/maven-metadata.xml',
      `<metadata><versioning><versions>${versions}</versions></versioning></metadata>`,
    );
    const response = await get('/org/long/lib/maven-metadata.xml', 'near', 'quick');
    expect([response.status, await response.text()]).toEqual([
      502,
      expect.stringContaining('exceeds 16384 bytes'),
    ]);
  });

  test('of builds has the newest of each upstream', async () => {
    const list = (number: number) =>
      `<metadata><groupId>org.snap</groupId><artifactId>lib</artifactId><version>1-SNAPSHOT</version><versioning><snapshot><timestamp>20260101.00000${number}</timestamp><buildNumber>${number}</buildNumber></snapshot><lastUpdated>2026010100000${number}</lastUpdated><snapshotVersions><snapshotVersion><extension>jar</extension><value>1-20260101.00000${number}-${number}</value><updated>2026010100000${number}</updated></snapshotVersion></snapshotVersions></versioning></metadata>`;
    first.put('/org/snap/lib/1-SNAPSHOT/maven-metadata.xml', list(1));
    second.put('/org/snap/lib/1-SNAPSHOT/maven-metadata.xml', list(2));
    const said = await textOf('/org/snap/lib/1-SNAPSHOT/maven-metadata.xml');
    expect(said).toContain('<buildNumber>2</buildNumber>');
    second.put('/org/snap/lib/1-SNAPSHOT/lib-1-20260101.000002-2.jar', 'build two');
    const jar = await get('/org/snap/lib/1-SNAPSHOT/lib-1-20260101.000002-2.jar');
    expect([await jar.text(), jar.headers.get('cache-control')]).toEqual([
      'build two',
      expect.stringContaining('immutable'),
    ]);
  });

  test('that is broken, too large, a bomb or of something else is an error', async () => {
    const bomb = '<!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><metadata>&b;</metadata>';
    for (const [artifact, body, why] of [
      ['bomb', bomb, 'has a document type declaration'],
      ['deep', '<metadata>'.repeat(5000), 'deep inside of one another'],
      [
        'other',
        '<metadata><groupId>org.evil</groupId><artifactId>x</artifactId></metadata>',
        'is of org.evil:x, not of org.bad:other',
      ],
      ['page', '<html>sign in</html>', '<html> as its root element'],
      ['cut', '<metadata><versioning>', 'ends before </versioning>'],
    ] as const) {
      first.put(`/org/bad/${artifact}/maven-metadata.xml`, body);
      const said = await heard(`/org/bad/${artifact}/maven-metadata.xml`);
      expect(said).toStartWith('502 ');
      expect(said).toContain(why);
      expect((await get(`/org/bad/${artifact}/maven-metadata.xml.sha1`)).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('by the policy', () => {
  const guarded = (path: string) => get(path, 'near', 'guarded');

  test('versions are taken out of lists, and their files are refused with the reason', async () => {
    first.deploy('org.policy', 'lib', '1.0');
    first.deploy('org.policy', 'lib', '1.1');
    first.deploy('org.policy', 'lib', '1.2', { at: new Date() });
    const list = await (await guarded('/org/policy/lib/maven-metadata.xml')).text();
    expect([...list.matchAll(/<version>(.*?)<\/version>/g)].map(([, version]) => version)).toEqual(['1.1']);
    expect(list).toContain('<release>1.1</release>');
    expect(await (await guarded('/org/policy/lib/maven-metadata.xml.sha1')).text()).toBe(sumOf('sha1', list));

    const blocked = await guarded('/org/policy/lib/1.0/lib-1.0.jar');
    expect([blocked.status, await blocked.text()]).toEqual([
      403,
      expect.stringContaining('is blocked (<1.1)'),
    ]);
    const young = await guarded('/org/policy/lib/1.2/lib-1.2.pom');
    expect([young.status, await young.text()]).toEqual([
      403,
      expect.stringContaining('has to be 7 days old'),
    ]);
    expect((await guarded('/org/policy/lib/1.1/lib-1.1.jar')).status).toBe(200);
    expect(
      first.requests().some(({ method, path }) => method === 'GET' && path.endsWith('lib-1.0.jar')),
    ).toBe(false);
  });

  test('an artifact that nobody may use is not asked for', async () => {
    first.deploy('org.never', 'lib', '1.0');
    expect((await guarded('/org/never/lib/maven-metadata.xml')).status).toBe(403);
    expect((await guarded('/org/never/lib/1.0/lib-1.0.pom')).status).toBe(403);
    expect(first.requests()).toEqual([]);
  });
});

test('addresses that mean nothing are refused by the PoP', async () => {
  for (const [path, status] of [
    ['/org/one/lib/1.0/other-1.0.jar', 400],
    ['/org/one/..%2f..%2fetc/passwd', 400],
    ['/org/one/lib/1.0/lib-1.0.jar%00', 400],
    ['/org/one/lib/${v}/lib-${v}.jar', 400],
    [`/org/${'a'.repeat(300)}/lib/1.0/lib-1.0.jar`, 400],
    ['/org/one/lib/1.0/', 404],
    ['/.meta/prefixes.txt', 404],
    ['/index.html', 404],
  ] as const) {
    expect([path, (await get(path)).status]).toEqual([path, status]);
  }
  expect(first.requests()).toEqual([]);
});
