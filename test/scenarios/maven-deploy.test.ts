/**
 * What is deployed to a Maven route as Maven and Gradle do it, request by request, at one PoP, and read at another; and all that a client may send that
 * is wrong. What comes from upstreams: `maven-pull.test.ts`; the real client: `clients/maven.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Right } from '../../src/identity.ts';
import { maven } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { runMeridian, startNetwork, type TestNetwork } from '../support/index.ts';
import { type MavenRepository, pomOf, startMavenRepository } from '../support/maven-repository.ts';

let upstream: MavenRepository;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startMavenRepository();
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      maven({
        upstreams: [{ url: upstream.url }],
        hosted: { names: ['com.acme.*'], public: ['com.acme.*'] },
        snapshotBuilds: 2,
      }),
    ],
  });
  const everything: Right = { actions: ['read', 'publish', 'delete'], routes: ['maven'], subjects: ['*'] };
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const urlOf = (path: string, pop = 'near') => `${network.url(pop)}/maven${path}`;
const get = (path: string, pop?: string) => fetch(urlOf(path, pop));
const textOf = async (path: string, pop?: string) => (await get(path, pop)).text();
const sumOf = (by: string, bytes: string) => createHash(by).update(bytes).digest('hex');
const authorised = () => ({ authorization: `Basic ${btoa(`alice:${token}`)}` });
const put = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(urlOf(path), { method: 'PUT', body, headers: { ...authorised(), ...headers } });
async function putSays(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
) {
  const response = await put(path, body, headers);
  return `${response.status} ${await response.text()}`;
}

describe('what is deployed', () => {
  const start = '/com/acme/lib/1.0/lib-1.0';
  const pom = pomOf('com.acme', 'lib', '1.0', '<description>Ours</description>');

  test('is there at every PoP, with its checksums and in its list, once its POM has come', async () => {
    expect((await get('/com/acme/lib/maven-metadata.xml', 'far')).status).toBe(404);
    expect((await put(`${start}.jar`, 'ours')).status).toBe(201);
    expect((await get('/com/acme/lib/maven-metadata.xml', 'far')).status).toBe(404);
    expect((await put(`${start}.jar.sha1`, sumOf('sha1', 'ours'))).status).toBe(200);
    expect((await put(`${start}.pom`, pom)).status).toBe(201);
    expect((await put(`${start}.jar.asc`, 'signature')).status).toBe(201);
    const own = '<metadata><groupId>com.acme</groupId><artifactId>lib</artifactId></metadata>';
    expect((await put('/com/acme/lib/maven-metadata.xml', own)).status).toBe(200);
    expect((await put('/com/acme/lib/maven-metadata.xml.sha1', sumOf('sha1', own))).status).toBe(200);

    expect(await textOf(`${start}.jar`, 'far')).toBe('ours');
    expect(await textOf(`${start}.jar.asc`, 'far')).toBe('signature');
    for (const by of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(await textOf(`${start}.jar.${by}`, 'far')).toBe(sumOf(by, 'ours'));
    }
    const list = await textOf('/com/acme/lib/maven-metadata.xml', 'far');
    expect(list).toContain('<release>1.0</release>');
    expect(await textOf('/com/acme/lib/maven-metadata.xml.sha256', 'far')).toBe(sumOf('sha256', list));
    expect(upstream.requests()).toEqual([]);
  });

  test('stays what it is: the same again is done, other bytes are refused', async () => {
    expect((await put(`${start}.jar`, 'ours')).status).toBe(200);
    expect(await putSays(`${start}.jar`, 'others')).toMatch(/^409 .*stays what it is/);
    expect(await textOf(`${start}.jar`)).toBe('ours');
  });

  test('is described by its POM', async () => {
    const told = await network.node('origin').api('GET', '/packages/maven/com.acme%3Alib');
    expect(told).toMatchObject({ name: 'com.acme:lib', description: 'Ours' });
  });

  test('needs a token with the right, and a name that lives here', async () => {
    expect((await fetch(urlOf(`${start}.war`), { method: 'PUT', body: 'x' })).status).toBe(401);
    const other = await fetch(urlOf(`${start}.war`), {
      method: 'PUT',
      body: 'x',
      headers: { authorization: `Basic ${btoa('a:b')}` },
    });
    expect(other.status).toBe(401);
    expect(await putSays('/org/elsewhere/lib/1.0/lib-1.0.jar', 'x')).toMatch(/^403 .*does not live here/);
  });

  test('is refused with a reason where it is not what it says', async () => {
    const folder = '/com/acme/bad/1.0/bad-1.0';
    const laughs = '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><project>&b;</project>';
    for (const [ends, body, status, why] of [
      [
        '.pom',
        pomOf('com.acme', 'other', '1.0'),
        400,
        'of com.acme:other:1.0, and its address of com.acme:bad:1.0',
      ],
      ['.pom', pomOf('com.acme', 'bad', '${revision}'), 400, 'has to be filled in'],
      ['.pom', laughs, 400, 'has a document type declaration'],
      ['.pom', '<project>', 400, 'ends before </project>'],
      ['.pom', `<project>${'<a>'.repeat(5000)}`, 400, 'deep inside of one another'],
      ['.pom', 'not XML', 400, 'text outside of its root element'],
      ['.pom', '', 400, 'is empty'],
      ['.jar', '', 400, 'is empty'],
      ['.jar.sha1', sumOf('sha1', 'x'), 409, 'There is no bad-1.0.jar yet'],
      ['.jar.sha1', 'not a checksum', 400, 'This is no SHA1'],
      ['.jar.sha1', 'x'.repeat(10_000), 413, 'may have 4096 bytes'],
    ] as const) {
      const said = await putSays(folder + ends, body);
      expect(said).toStartWith(`${status} `);
      expect(said).toContain(why);
    }
    expect(
      await putSays('/com/acme/bad/maven-metadata.xml', '<metadata><groupId>com.evil</groupId></metadata>'),
    ).toMatch(/^400 .*is of com\.evil:bad/);
    expect(await putSays(`${folder}.jar`, 'x', { 'x-checksum-sha1': sumOf('sha1', 'y') })).toStartWith(
      '400 ',
    );
    for (const ends of ['.pom', '.jar']) expect((await get(folder + ends)).status).toBe(404);
    expect((await get('/com/acme/bad/maven-metadata.xml')).status).toBe(404);
  });

  test('is not kept where it breaks off', async () => {
    const path = '/com/acme/half/1.0/half-1.0.jar';
    const { hostname, port } = new URL(network.url('near'));
    const closed = Promise.withResolvers<void>();
    const socket = connect(Number(port), hostname, () => {
      const fields = `host: ${hostname}\r\nauthorization: ${authorised().authorization}\r\ncontent-length: 1000`;
      socket.end(`PUT /maven${path} HTTP/1.1\r\n${fields}\r\n\r\nhalf of it`);
    });
    socket.on('error', () => {}).on('close', () => closed.resolve());
    await closed.promise;
    expect((await get(path)).status).toBe(404);
    expect((await put(path, 'all of it')).status).toBe(201);
    expect(await textOf(path, 'far')).toBe('all of it');
  });

  test('is taken back where its checksum shows that it has not arrived as it was', async () => {
    const path = '/com/acme/torn/1.0/torn-1.0.jar';
    expect((await put(path, 'torn')).status).toBe(201);
    expect(await putSays(`${path}.sha1`, sumOf('sha1', 'whole'))).toMatch(/^400 .*has been taken back/);
    expect((await get(path)).status).toBe(404);
    expect((await put(path, 'whole')).status).toBe(201);
    expect((await put(`${path}.sha1`, sumOf('sha1', 'whole'))).status).toBe(200);
    expect(await textOf(path, 'far')).toBe('whole');
  });

  test('of a snapshot are builds, of which the last ones are kept', async () => {
    const folder = '/com/acme/lib/2.0-SNAPSHOT';
    for (const number of [1, 2, 3]) {
      const build = `${folder}/lib-2.0-20260101.00000${number}-${number}`;
      expect((await put(`${build}.jar`, `build ${number}`)).status).toBe(201);
      expect((await put(`${build}.pom`, pomOf('com.acme', 'lib', '2.0-SNAPSHOT'))).status).toBe(201);
    }
    expect((await get(`${folder}/lib-2.0-20260101.000001-1.jar`)).status).toBe(404);
    expect(await textOf(`${folder}/lib-2.0-20260101.000002-2.jar`)).toBe('build 2');
    const list = await textOf(`${folder}/maven-metadata.xml`, 'far');
    expect(list).toContain('<buildNumber>3</buildNumber>');
    expect(list).toContain('<value>2.0-20260101.000003-3</value>');
    expect(await textOf(`${folder}/lib-2.0-SNAPSHOT.jar`, 'far')).toBe('build 3');
    expect(await textOf(`${folder}/lib-2.0-SNAPSHOT.jar.sha1`, 'far')).toBe(sumOf('sha1', 'build 3'));
    // A build that has no POM yet is not offered.
    await put(`${folder}/lib-2.0-20260101.000004-4.jar`, 'build 4');
    expect(await textOf(`${folder}/maven-metadata.xml`, 'far')).toContain('<buildNumber>3</buildNumber>');
    expect(await textOf('/com/acme/lib/maven-metadata.xml', 'far')).toContain(
      '<latest>2.0-SNAPSHOT</latest>',
    );
  });

  test('of a snapshot without builds is taken over by the next one', async () => {
    const path = '/com/acme/old/1-SNAPSHOT/old-1-SNAPSHOT.jar';
    await put(path, 'one');
    expect(await textOf(path, 'far')).toBe('one');
    await put(path, 'two');
    expect(await textOf(path, 'far')).toBe('two');
    expect(await textOf(`${path}.md5`, 'far')).toBe(sumOf('md5', 'two'));
  });

  test('by Gradle has its module metadata beside it, and checksums of all kinds', async () => {
    const start = '/com/acme/gradle/1.0/gradle-1.0';
    const module = JSON.stringify({
      formatVersion: '1.1',
      component: { group: 'com.acme', module: 'gradle', version: '1.0' },
    });
    const files = [
      ['.jar', 'gradle'],
      ['-sources.jar', 'sources'],
      ['.module', module],
      ['.pom', pomOf('com.acme', 'gradle', '1.0')],
    ] as const;
    for (const [ends, bytes] of files) {
      expect((await put(start + ends, bytes)).status).toBe(201);
      for (const by of ['sha512', 'sha256', 'sha1', 'md5']) {
        expect((await put(`${start}${ends}.${by}`, sumOf(by, bytes))).status).toBe(200);
      }
    }
    const found = await get(`${start}.module`, 'far');
    expect(found.headers.get('content-type')).toBe('application/vnd.org.gradle.module+json');
    expect(await found.text()).toBe(module);
  });

  test('of plugins is listed by their group, under their prefixes', async () => {
    const path = '/com/acme/plugins/acme-maven-plugin/1.0/acme-maven-plugin-1.0.pom';
    const said = pomOf(
      'com.acme.plugins',
      'acme-maven-plugin',
      '1.0',
      '<packaging>maven-plugin</packaging><name>Acme</name>',
    );
    expect((await get('/com/acme/plugins/maven-metadata.xml', 'far')).status).toBe(404);
    expect((await put(path, said)).status).toBe(201);
    expect(await textOf('/com/acme/plugins/maven-metadata.xml', 'far')).toContain('<prefix>acme</prefix>');
  });

  test('can be taken away by whoever may, and leaves its name taken', async () => {
    const path = '/com/acme/gone/1.0/gone-1.0';
    await put(`${path}.jar`, 'x');
    await put(`${path}.pom`, pomOf('com.acme', 'gone', '1.0'));
    expect(await textOf(`${path}.jar`, 'far')).toBe('x');
    const remove = (what: string) => fetch(urlOf(what), { method: 'DELETE', headers: authorised() });
    expect((await remove('/com/acme/gone/1.0/')).status).toBe(200);
    expect((await get(`${path}.jar`, 'far')).status).toBe(404);
    expect((await get(`${path}.jar.sha1`, 'far')).status).toBe(404);
    expect((await get('/com/acme/gone/maven-metadata.xml', 'far')).status).toBe(404);
    expect(await putSays(`${path}.jar`, 'y')).toStartWith('409 ');
    expect((await remove('/com/acme/gone/1.0/')).status).toBe(404);
    expect((await remove('/com/acme/lib/maven-metadata.xml')).status).toBe(400);
  });
});

test('what Maven lists as needed is kept for good, with its parents, and had when the upstream is gone', async () => {
  upstream.deploy('org.kept', 'parent', '7', { packaging: 'pom' });
  upstream.deploy('org.kept', 'lib', '1.0', {
    pom: '<parent><groupId>org.kept</groupId><artifactId>parent</artifactId><version>7</version></parent>',
  });
  const list = join(network.dir, 'maven.txt');
  writeFileSync(list, 'The following files have been resolved:\n   org.kept:lib:jar:1.0:compile\n');
  const run = (...words: string[]) =>
    runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
  const ran = await run('mirror', list);
  expect([ran.code, ran.stderr, ran.stdout]).toEqual([0, '', expect.stringContaining('mirrored 6')]);
  await run('purge', '--tag', 'maven');
  await upstream.off();
  for (const path of [
    '/lib/1.0/lib-1.0.pom',
    '/lib/1.0/lib-1.0.jar',
    '/lib/1.0/lib-1.0.jar.sha1',
    '/parent/7/parent-7.pom',
  ]) {
    expect([path, (await get(`/org/kept${path}`, 'far')).status]).toEqual([path, 200]);
  }
  expect((await get('/org/kept/other/1/other-1.pom', 'far')).status).toBeGreaterThanOrEqual(500);
});
