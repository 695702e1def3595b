/**
 * yarn 1, which many projects still have: everything that it asks a registry, through a PoP, of packages that live here and of
 * those that are pulled.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
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

const folder = temporary('yarn-classic');
const password = 'correct horse battery';
let registry: Registry;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('alpha', '1.0.0', { dependencies: { '@far/beta': '^2.0.0' } });
  registry.publish('@far/beta', '2.0.1');
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
        hosted: { scopes: ['@acme'], access: 'restricted' },
      }),
    ],
  });
  const origin = network.node('origin');
  for (const name of ['alice', 'bob'])
    await origin.api('POST', '/users', { name, password, email: `${name}@example.com` });
  const right = {
    actions: ['read', 'publish', 'delete', 'admin'],
    routes: ['npm'],
    subjects: ['@acme/*', 'own'],
  } as const;
  ({ token } = await tokenFor(origin, 'alice', [right]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const base = (pop = 'near') => `${network.url(pop)}/npm`;

/** A project with a token for both PoPs in its own `.npmrc`. */
function withToken(where: string): string {
  const lines = ['near', 'far'].map((pop) => `${base(pop).replace('http:', '')}/:_authToken=${token}`);
  writeFileSync(join(where, '.npmrc'), `always-auth=true\n${lines.join('\n')}\n`);
  return where;
}

const at = (where: string, pop = 'near') => ({
  registry: `${base(pop)}/`,
  project: where,
  home: join(folder.path, 'home'),
});

function packageFolder(name: string, version: string): string {
  const where = join(folder.path, 'packages', name.replace('/', '-'));
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(where, 'index.js'), `module.exports = '${name} ${version}';\n`);
  return withToken(where);
}

describe('yarn 1', () => {
  test('publishes, and installs that and what is pulled by its lock file, from a cold cache', async () => {
    const ui = packageFolder('@acme/ui', '1.0.0');
    await clientSucceeds('yarn-classic', ['publish', '--non-interactive', '--access', 'restricted'], at(ui));
    const user = withToken(project(join(folder.path, 'user'), { '@acme/ui': '^1.0.0', alpha: '^1.0.0' }));
    await clientSucceeds('yarn-classic', ['install'], at(user, 'far'));
    const lock = await Bun.file(join(user, 'yarn.lock')).text();
    expect(lock.match(/integrity sha512-/g)).toHaveLength(3);
    for (const left of [join(user, 'node_modules'), at(user).home]) rmSync(left, { recursive: true });
    await clientSucceeds('yarn-classic', ['install', '--frozen-lockfile'], at(user, 'far'));
    expect(await Bun.file(join(user, 'yarn.lock')).text()).toBe(lock);
    const installed = await Bun.file(join(user, 'node_modules/@acme/ui/index.js')).text();
    expect(installed).toContain('@acme/ui 1.0.0');
    expect(await Bun.file(join(user, 'node_modules/@far/beta/package.json')).exists()).toBe(true);
  }, 60_000);

  test('tags', async () => {
    const run = (...args: string[]) =>
      clientSucceeds('yarn-classic', [...args, '--non-interactive'], at(where));
    const where = withToken(project(join(folder.path, 'commands'), {}));
    await run('tag', 'add', '@acme/ui@1.0.0', 'next');
    expect((await run('tag', 'list', '@acme/ui')).stdout).toContain('next: 1.0.0');
    await run('tag', 'remove', '@acme/ui', 'next');
    expect((await run('info', '@acme/ui', 'dist-tags')).stdout).not.toContain('next');
  }, 30_000);

  test('shows owners', async () => {
    const where = withToken(project(join(folder.path, 'owners'), {}));
    const { stdout } = await clientSucceeds('yarn-classic', ['owner', 'list', '@acme/ui'], at(where));
    expect(stdout).toContain('alice');
  }, 30_000);

  test('takes a token for one command from a variable, and forgets a login', async () => {
    const where = project(join(folder.path, 'login'), {});
    const options = { ...at(where), home: join(folder.path, 'login-home') };
    const add = ['tag', 'add', '@acme/ui@1.0.0', 'typed', '--non-interactive'];
    expect((await runClient('yarn-classic', add, options)).output).toContain('No token found');
    await clientSucceeds('yarn-classic', add, { ...options, environment: { YARN_AUTH_TOKEN: token } });
    const { stdout } = await clientSucceeds('yarn-classic', ['logout'], options);
    expect(stdout).toContain('Cleared login credentials');
  }, 30_000);

  test('gets a reason for what it asks that no registry has', async () => {
    const where = withToken(project(join(folder.path, 'teams'), {}));
    const run = await runClient('yarn-classic', ['team', 'create', 'acme:core'], at(where));
    expect([run.code, run.output]).toEqual([1, expect.stringContaining('this method does nothing here')]);
  }, 30_000);
});
