/**
 * A route with a supply-chain policy as users meet it: real clients, a PoP, a shield and an origin, and a registry whose
 * versions are as old as the test says.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import {
  type Client,
  eventually,
  type Published,
  type Registry,
  runClient,
  runMeridian,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { forYarn, project } from './project.ts';

const folder = temporary('policy');
const feed = join(folder.path, 'osv.json');
let registry: Registry;
let network: TestNetwork;
let locked: Published;

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

const advisory = {
  id: 'GHSA-test-0001',
  summary: 'Runs whatever it is given',
  published: '2026-01-02T00:00:00Z',
  database_specific: { severity: 'HIGH' },
  affected: [
    {
      package: { ecosystem: 'npm', name: 'holey' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
    },
  ],
};

const nodes = {
  origin: { role: 'origin' },
  shield: { role: 'shield', parents: ['origin'] },
  pop: { role: 'pop', parents: ['shield'] },
} as const;

const routes = (blocked: string[]) => [
  npm({
    match: { path: '/npm' },
    upstreams: [{ url: registry.url }],
    metadata: { freshS: 300 },
    policy: {
      releaseAge: { minimumS: '7d', exempt: ['fresh@2.0.1', '@acme/*'] },
      blocked: ['bad-news', 'colours@1.4.1 - 1.4.2', ...blocked],
      advisories: { path: feed, checkS: 1 },
      provenance: ['built-*'],
    },
  }),
];

beforeAll(async () => {
  writeFileSync(feed, JSON.stringify([advisory]));
  registry = await startRegistry();
  registry.publish('young', '1.0.0', { at: daysAgo(30) });
  registry.publish('young', '1.1.0', { at: daysAgo(20) });
  registry.publish('young', '1.2.0', { at: daysAgo(1) });
  registry.publish('newborn', '1.0.0', { at: daysAgo(0) });
  registry.publish('fresh', '2.0.0', { at: daysAgo(2) });
  registry.publish('fresh', '2.0.1', { at: daysAgo(1) });
  registry.publish('timeless', '1.0.0', { at: null });
  registry.publish('colours', '1.4.0');
  locked = registry.publish('colours', '1.4.1');
  registry.publish('holey', '1.0.0');
  registry.publish('holey', '1.0.1');
  registry.publish('built-here', '1.0.0', { provenance: true });
  registry.publish('built-here', '1.0.1');
  registry.publish('bad-news', '1.0.0');
  registry.publish('later', '1.0.0');
  registry.publish('later', '1.1.0');
  network = await startNetwork({ nodes, routes: routes([]) });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
}, 30_000);

const base = () => `${network.url('pop')}/npm`;
let runs = 0;

/** Runs a client in a new project. */
function run(client: Client, args: readonly string[], dependencies: Readonly<Record<string, string>> = {}) {
  const where = project(join(folder.path, `project-${++runs}`), dependencies);
  if (client === 'yarn') forYarn(where);
  const options = { registry: base(), project: where, home: join(folder.path, `home-${runs}`) };
  return { where, ran: runClient(client, args, options) };
}

async function installed(where: string, name: string): Promise<string> {
  return (await Bun.file(join(where, 'node_modules', name, 'package.json')).json()).version;
}

describe.each(['npm', 'pnpm', 'yarn'] as const)('%s', (client) => {
  test('takes the newest version that is old enough', async () => {
    const { where, ran } = run(client, ['install'], { young: '*' });
    expect(await ran).toMatchObject({ code: 0 });
    expect(await installed(where, 'young')).toBe('1.1.0');
  }, 30_000);

  test('finds no version that is too young, and is told no by name where there is none at all', async () => {
    const pinned = await run(client, ['install'], { young: '1.2.0' }).ran;
    expect(pinned.code).not.toBe(0);
    expect(pinned.output).toMatch(/No matching version found|No candidates found/);
    const alone = await run(client, ['install'], { newborn: '*' }).ran;
    expect(alone.code).not.toBe(0);
    expect(alone.output).toContain('403');
  }, 30_000);
});

describe('npm says why', () => {
  test('of a package of which no version may be used', async () => {
    const { output } = await run('npm', ['install'], { newborn: '*' }).ran;
    expect(output).toMatch(
      /403 Forbidden .* newborn@1\.0\.0 was published .* and has to be 7 days old, which it is from/,
    );
  });

  test('of a package that is blocked, which the upstream does not even hear of', async () => {
    const { output } = await run('npm', ['install'], { 'bad-news': '*' }).ran;
    expect(output).toContain(
      'bad-news is refused by the policy of this registry: it is blocked (all versions).',
    );
    expect(registry.count('/bad-news')).toBe(0);
  });

  test('of a version that a lock file holds', async () => {
    const where = project(join(folder.path, 'locked'), { colours: '1.4.1' });
    const { version, integrity } = locked;
    const resolved = `${base()}/colours/-/colours-1.4.1.tgz`;
    const packages = {
      '': { name: 'project', version: '1.0.0', dependencies: { colours: '1.4.1' } },
      'node_modules/colours': { version, resolved, integrity },
    };
    writeFileSync(
      join(where, 'package-lock.json'),
      JSON.stringify({ name: 'project', lockfileVersion: 3, packages }),
    );
    const { code, output } = await runClient('npm', ['ci'], {
      ...{ registry: base(), project: where, home: join(folder.path, 'lock-home') },
    });
    expect(code).not.toBe(0);
    expect(output).toContain('403 Forbidden');
    expect(output).toContain(
      'colours@1.4.1 is refused by the policy of this registry: it is blocked (1.4.1 - 1.4.2).',
    );
  }, 30_000);
});

describe('what is exempt, and what has no date', () => {
  test('one version may be let through at any age', async () => {
    const { where, ran } = run('npm', ['install'], { fresh: '*' });
    expect(await ran).toMatchObject({ code: 0 });
    expect(await installed(where, 'fresh')).toBe('2.0.1');
  });

  test('a version of unknown age is refused', async () => {
    const answer = await fetch(`${base()}/timeless`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('timeless@1.0.0 does not say when it was published');
  });
});

test('every address of a version tells the same', async () => {
  const manifest = await fetch(`${base()}/young/1.2.0`);
  const tarball = await fetch(`${base()}/young/-/young-1.2.0.tgz`);
  expect([manifest.status, tarball.status]).toEqual([403, 403]);
  expect(await manifest.json()).toEqual(await tarball.json());
  expect(await (await fetch(`${base()}/-/package/young/dist-tags`)).json()).toEqual({ latest: '1.1.0' });
  const { time, versions } = (await (await fetch(`${base()}/young`)).json()) as Record<string, object>;
  expect(Object.keys(versions ?? {})).toEqual(['1.0.0', '1.1.0']);
  expect(Object.keys(time ?? {})).not.toContain('1.2.0');
  expect((await fetch(`${base()}/built-here/1.0.1`)).status).toBe(403);
  expect((await fetch(`${base()}/built-here/1.0.0`)).status).toBe(200);
});

async function status(path: string): Promise<number> {
  const answer = await fetch(`${base()}/${path}`);
  await answer.arrayBuffer();
  return answer.status;
}

test('an advisory takes away what every cache holds, and its withdrawal gives it back', async () => {
  expect(await status('holey/-/holey-1.0.0.tgz')).toBe(403);
  expect(await status('holey/-/holey-1.0.1.tgz')).toBe(200);
  expect(await status('holey')).toBe(200);
  const again = structuredClone(advisory);
  again.affected[0]!.ranges[0]!.events[1]!.fixed = '1.0.2';
  writeFileSync(feed, JSON.stringify([again]));
  await eventually(
    'the tarball to be refused',
    async () => (await status('holey/-/holey-1.0.1.tgz')) === 403,
  );
  await eventually('the package to be refused', async () => (await status('holey')) === 403);

  writeFileSync(feed, '[{"id": "half a re');
  await eventually('the log to say so', () =>
    network.node('origin').process.output().includes('the feed of advisories cannot be read'),
  );
  expect(await status('holey/-/holey-1.0.1.tgz')).toBe(403);

  writeFileSync(feed, JSON.stringify([{ ...again, withdrawn: '2026-02-01T00:00:00Z' }]));
  await eventually(
    'the tarball to be served',
    async () => (await status('holey/-/holey-1.0.1.tgz')) === 200,
    { withinMs: 20_000 },
  );
  await eventually('the package to be served', async () => (await status('holey')) === 200, {
    withinMs: 20_000,
  });
}, 60_000);

async function meridian(...words: string[]) {
  return runMeridian([...words, '--config', network.configFile], { cwd: network.dir });
}

test('meridian policy explains each rule, and lists what was refused', async () => {
  const { code, stdout } = await meridian('policy', 'explain', 'npm:young@1.2.0');
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('young@1.2.0: refused, until'),
  });
  expect(stdout).toMatch(/REFUSE\s+releaseAge\s+was published/);
  const fine = JSON.parse((await meridian('policy', 'explain', 'npm:young@1.1.0', '--json')).stdout);
  expect(fine).toMatchObject({ verdict: 'allowed', rules: [{ rule: 'releaseAge', passes: true }] });
  const unknown = JSON.parse((await meridian('policy', 'explain', 'npm:young@9.9.9', '--json')).stdout);
  expect(unknown.verdict).toBe('unknown');
  const list = await meridian('policy', 'list');
  expect(list.stdout).toContain('colours@1.4.1');
  expect(list.stdout).toMatch(/\d advisories, read/);
  expect((await meridian('policy', 'explain', 'npm:young')).code).toBe(2);
  expect((await meridian('policy', 'explain', 'nope:young@1.0.0')).stderr).toContain(
    'there is no route nope',
  );
}, 60_000);

const frozen = {
  npm: ['ci'],
  pnpm: ['install', '--frozen-lockfile'],
  yarn: ['install', '--immutable'],
  'yarn-classic': ['install', '--frozen-lockfile'],
} as const satisfies Record<Client, readonly string[]>;

test('another policy is in force everywhere once it is loaded, for lock files of before as well', async () => {
  const projects: { client: Client; where: string }[] = [];
  for (const client of ['npm', 'pnpm', 'yarn', 'yarn-classic'] as const) {
    const { where, ran } = run(client, ['install'], { later: '*' });
    expect(await ran).toMatchObject({ code: 0 });
    expect(await installed(where, 'later')).toBe('1.1.0');
    rmSync(join(where, 'node_modules'), { recursive: true });
    projects.push({ client, where });
  }
  expect([await status('later'), await status('later/-/later-1.1.0.tgz')]).toEqual([200, 200]);
  network.rewrite({ nodes, routes: routes(['later@>=1.1.0']) });
  expect((await meridian('reload')).code).toBe(0);
  await eventually(
    'the tarball to be refused',
    async () => (await status('later/-/later-1.1.0.tgz')) === 403,
  );
  await eventually('the version to be gone', async () => {
    const { versions } = (await (await fetch(`${base()}/later`)).json()) as { versions: object };
    return Object.keys(versions).join() === '1.0.0';
  });
  for (const { client, where } of projects) {
    const home = join(folder.path, `frozen-${client}`);
    const { code, output } = await runClient(client, frozen[client], {
      registry: base(),
      project: where,
      home,
    });
    expect(code).not.toBe(0);
    expect(output).toContain('403');
    if (client === 'npm') expect(output).toContain('later@1.1.0 is refused by the policy of this registry');
  }
}, 60_000);
