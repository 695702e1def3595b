/** What the real npm has published and installed, as people then find it by the API. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageList, packagePage, packageReadme } from '../../src/access/api/packages-message.ts';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  clientSucceeds,
  eventually,
  type Registry,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { project } from './project.ts';

const folder = temporary('packages');
let registry: Registry;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('left-pad', '1.1.0');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        hosted: { scopes: ['@acme'], access: 'public' },
      }),
    ],
  });
  const actions = ['read', 'publish', 'delete', 'admin'] as const;
  const everything = { actions, routes: ['*'], subjects: ['*'] };
  token = (await tokenFor(network.node('origin'), 'alice', [everything])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const base = (pop: string) => `${network.url(pop)}/npm`;

async function run(args: readonly string[], where: string, pop = 'near'): Promise<void> {
  const home = join(folder.path, 'alice');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'npmrc'), `${base(pop).replace('http:', '')}/:_authToken=${token}\n`);
  await clientSucceeds('npm', args, { registry: `${base(pop)}/`, project: where, home });
}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(`${network.url('far')}/.meridian/v1${path}`, { headers: bearer(token) });
  expect(answer.status).toBe(200);
  return answer.json();
}

test('what npm publishes, installs, deprecates and unpublishes is found as it is then', async () => {
  const where = join(folder.path, 'ui');
  mkdirSync(where);
  const readme = '# Buttons\n\nPress them.\n';
  writeFileSync(join(where, 'README.md'), readme);
  const about = {
    description: 'Buttons to press',
    license: 'Apache-2.0',
    keywords: ['widgets'],
    repository: 'https://git.example/acme/ui',
    dependencies: { 'left-pad': '^1.0.0' },
  };
  for (const version of ['1.0.0', '1.1.0']) {
    writeFileSync(join(where, 'package.json'), JSON.stringify({ name: '@acme/ui', version, ...about }));
    await run(['publish'], where);
  }
  await run(['deprecate', '@acme/ui@1.0.0', 'use 1.1'], where);
  await run(['install'], project(join(folder.path, 'user'), { '@acme/ui': '1.1.0' }), 'far');

  const list = await eventually('what has been installed', async () => {
    const found = packageList.parse(await get('/packages'));
    return (
      found.total >= 2 &&
      found.packages.every(({ kept }) => kept.hosted.versions + kept.cached.versions > 0) &&
      found
    );
  });
  expect(list.packages.map(({ name, kind, latest }) => [name, kind, latest])).toEqual([
    ['@acme/ui', 'hosted', '1.1.0'],
    ['left-pad', 'cached', null],
  ]);
  for (const text of ['widgets', 'press', 'UI'])
    expect(packageList.parse(await get(`/packages?text=${text}`)).packages[0]?.name).toBe('@acme/ui');

  const page = packagePage.parse(await get('/packages/npm/@acme%2Fui'));
  expect(page).toMatchObject({
    ...{ description: 'Buttons to press', licence: 'Apache-2.0', repository: 'https://git.example/acme/ui' },
    ...{ publisher: 'alice', latest: '1.1.0', versionCount: 2, readme: { text: readme, isWhole: true } },
    kept: { hosted: { versions: 2 } },
  });
  expect(page.versions.map((each) => [each.version, each.deprecated, each.dependencies])).toEqual([
    ['1.1.0', null, 1],
    ['1.0.0', 'use 1.1', 1],
  ]);
  expect(page.kept.hosted.bytes).toBe(page.versions.reduce((sum, each) => sum + (each.sizeBytes ?? 0), 0));
  expect(packageReadme.parse(await get('/packages/npm/@acme%2Fui/readme')).text).toBe(readme);

  // PoPs tell of it every half a minute.
  const { downloads } = await eventually(
    'what has been counted',
    async () => {
      const found = packagePage.parse(await get('/packages/npm/left-pad'));
      return found.downloads.downloads > 0 && found;
    },
    { withinMs: 45_000, everyMs: 500 },
  );
  expect(downloads.nodes).toMatchObject([{ node: 'far', downloads: 1 }]);

  await run(['unpublish', '@acme/ui', '--force'], where);
  expect(packageList.parse(await get('/packages?kind=hosted')).packages).toEqual([]);
  expect(packageList.parse(await get('/packages?text=ui')).packages).toEqual([]);
}, 120_000);
