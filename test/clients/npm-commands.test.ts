/**
 * The rest of what npm asks a registry, with the real npm and a small registry that can do all of it: names in both
 * spellings, tags, ping, and search and audit, which are passed through.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import {
  clientSucceeds,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { project } from './project.ts';

const folder = temporary('commands');
let registry: Registry;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('alpha', '1.0.0');
  registry.publish('alpha', '1.1.0', { dependencies: { '@acme/beta': '^2.0.0' } });
  registry.publish('@acme/beta', '2.0.1');
  registry.publish('bad-gamma', '1.0.0');
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const base = () => `${network.url('pop')}/npm`;

/** Runs npm in an empty project. */
function run(...args: string[]) {
  const where = project(join(folder.path, 'empty'), {});
  return clientSucceeds('npm', args, { registry: base(), project: where, home: join(folder.path, 'home') });
}

test('npm ping', async () => {
  expect((await run('ping')).output).toContain('PONG');
});

test('npm view gives versions, dependencies and dist-tags', async () => {
  const { stdout } = await run('view', 'alpha', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'alpha',
    'dist-tags': { latest: '1.1.0' },
    versions: ['1.0.0', '1.1.0'],
    dependencies: { '@acme/beta': '^2.0.0' },
  });
});

test('npm dist-tag ls', async () => {
  expect((await run('dist-tag', 'ls', 'alpha')).stdout.trim()).toBe('latest: 1.1.0');
});

describe('a scoped package', () => {
  test('is the same in both spellings, and asked for once', async () => {
    registry.forget();
    const encoded = await fetch(`${base()}/@acme%2fbeta`);
    const plain = await fetch(`${base()}/@acme/beta`);
    expect(encoded.status).toBe(200);
    expect(await plain.text()).toBe(await encoded.text());
    expect(registry.requests()).toHaveLength(1);
  });

  test('is installed, with every tarball from the PoP', async () => {
    const where = project(join(folder.path, 'scoped'), { alpha: '^1.1.0' });
    await clientSucceeds('npm', ['install'], {
      registry: base(),
      project: where,
      home: join(folder.path, 'scoped-home'),
    });
    const lock = await Bun.file(join(where, 'package-lock.json')).json();
    const { resolved } = lock.packages['node_modules/@acme/beta'];
    expect(resolved).toBe(`${base()}/@acme/beta/-/beta-2.0.1.tgz`);
  });
});

test('a name that nobody knows is a 404 that npm understands', async () => {
  const where = project(join(folder.path, 'unknown'), {});
  const options = { registry: base(), project: where, home: join(folder.path, 'home') };
  const { code, output } = await runClient('npm', ['view', 'no-such-package'], options);
  expect(code).not.toBe(0);
  expect(output).toContain('E404');
});

describe('passed through to upstream, every time', () => {
  test('npm search', async () => {
    registry.forget();
    const [first, second] = [await run('search', 'delta', '--json'), await run('search', 'delta', '--json')];
    expect(JSON.parse(first.stdout)[0].name).toBe('delta');
    expect(second.stdout).toBe(first.stdout);
    expect(registry.count('/-/v1/search')).toBe(2);
  });

  test('npm audit', async () => {
    const where = project(join(folder.path, 'audited'), { 'bad-gamma': '1.0.0' });
    const options = { registry: base(), project: where, home: join(folder.path, 'audit-home') };
    await clientSucceeds('npm', ['install'], options);
    const { code, stdout } = await runClient('npm', ['audit', '--json', '--audit=true'], options);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).vulnerabilities['bad-gamma'].severity).toBe('high');
  });
});
