/**
 * The storage folder of a real Verdaccio, taken in and given back: what npm has published there is here with its times, tags and
 * deprecations, and Verdaccio serves what `meridian export` has written.
 *
 * `MERIDIAN_VERDACCIO` names a folder whose `node_modules` have `verdaccio` 6 and a `node` that it runs on:
 * `npm install --prefix … verdaccio@6 node@22`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { npm } from '../../src/index.ts';
import { eventually, runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { freePort } from '../support/ports.ts';

const home = process.env.MERIDIAN_VERDACCIO ?? '';
const program = join(home, 'node_modules', 'verdaccio', 'bin', 'verdaccio');

const folder = temporary('verdaccio');
let network: TestNetwork;
let port: number;

interface Verdaccio extends AsyncDisposable {
  readonly url: string;
}

/** With this storage folder. */
async function startVerdaccio(storage: string): Promise<Verdaccio> {
  const url = `http://127.0.0.1:${port}`;
  const config = `${storage}.yaml`;
  writeFileSync(
    config,
    JSON.stringify({
      storage,
      auth: { htpasswd: { file: `${storage}.htpasswd` } },
      packages: { '**': { access: '$all', publish: '$all', unpublish: '$all' } },
      log: { type: 'stdout', format: 'json', level: 'error' },
    }),
  );
  const node = join(home, 'node_modules', 'node', 'bin', 'node');
  const child = Bun.spawn([node, program, '-c', config, '-l', url.slice('http://'.length)], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const isUp = () =>
    fetch(`${url}/-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually('Verdaccio to answer', isUp, { withinMs: 60_000 });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

async function npmAt(url: string, cwd: string, ...words: string[]): Promise<void> {
  const login = `--//${url.slice('http://'.length)}/:_authToken=anybody`;
  const ran = await Bun.$`npm ${words} --registry ${url}/ ${login}`.cwd(cwd).nothrow().quiet();
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString());
}

const document = z.looseObject({
  'dist-tags': z.record(z.string(), z.string()),
  time: z.record(z.string(), z.string()),
  versions: z.record(
    z.string(),
    z.looseObject({
      deprecated: z.string().optional(),
      dist: z.looseObject({ shasum: z.string(), tarball: z.string() }),
    }),
  ),
});

const documentOf = async (url: string, name: string) =>
  document.parse(await (await fetch(`${url}/${name.replace('/', '%2f')}`)).json());

const bytesAt = async (url = '') => (await fetch(url)).bytes();

async function meridian(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMeridian([...words, '--config', network.configFile], {
    cwd: network.dir,
  });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

// Where the variable is set, a Verdaccio that is missing is a failure.
describe.skipIf(home === '')('Verdaccio', () => {
  beforeAll(async () => {
    port = await freePort();
    const hosted = { scopes: ['@acme'], names: ['plain'], access: 'public' } as const;
    network = await startNetwork({
      nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
      routes: [npm({ upstreams: [], hosted })],
    });
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    folder[Symbol.dispose]();
  }, 30_000);

  test('what was published there lives here, and the other way round', async () => {
    const storage = join(folder.path, 'storage');
    const before = await published(storage);
    expect(await meridian('import', 'verdaccio', storage)).toContain('packages 2, added 4');
    for (const [name, theirs] of before) {
      const ours = await documentOf(network.url('pop'), name);
      expect(ours['dist-tags']).toEqual(theirs['dist-tags']);
      const { modified: _, ...times } = theirs.time;
      expect(ours.time).toMatchObject(times);
      for (const [version, { deprecated, dist }] of Object.entries(theirs.versions)) {
        expect(ours.versions[version]?.deprecated).toBe(deprecated);
        const tarball = await bytesAt(ours.versions[version]?.dist.tarball);
        expect(Bun.SHA1.hash(tarball, 'hex')).toBe(dist.shasum);
      }
    }
    const written = join(folder.path, 'written');
    await meridian('export', written);
    await using verdaccio = await startVerdaccio(written);
    for (const [name, theirs] of before) {
      const again = await documentOf(verdaccio.url, name);
      expect([name, again['dist-tags']]).toEqual([name, theirs['dist-tags']]);
      for (const [version, { dist }] of Object.entries(theirs.versions)) {
        const tarball = await bytesAt(again.versions[version]?.dist.tarball);
        expect([name, version, Bun.SHA1.hash(tarball, 'hex')]).toEqual([name, version, dist.shasum]);
      }
    }
  }, 180_000);
});

/** Two packages, published with npm. @returns their documents. */
async function published(storage: string) {
  await using verdaccio = await startVerdaccio(storage);
  const { url } = verdaccio;
  const publish = async (name: string, version: string, tag: string) => {
    const cwd = join(folder.path, `${name.replace('/', '-')}-${version}`);
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, version }));
    await npmAt(url, cwd, 'publish', '--tag', tag, '--access', 'public');
  };
  await publish('@acme/ui', '1.0.0', 'latest');
  await publish('@acme/ui', '1.1.0', 'latest');
  await publish('plain', '0.1.0', 'latest');
  await publish('plain', '0.2.0-beta.1', 'next');
  await npmAt(url, folder.path, 'deprecate', 'plain@0.1.0', 'an old one');
  const names = ['@acme/ui', 'plain'];
  return await Promise.all(names.map(async (name) => [name, await documentOf(url, name)] as const));
}
