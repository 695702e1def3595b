/** Whatever pnpm, yarn and bun have commands for besides installing and publishing, of packages that live here, through a PoP. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  type Client,
  clientSucceeds,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { publication } from '../support/publication.ts';
import { project } from './project.ts';

const folder = temporary('client-commands');
const password = 'correct horse battery';
let network: TestNetwork;
let registry: Registry;
let token: string;
let where: string;

beforeAll(async () => {
  registry = await startRegistry();
  registry.publish('bad-gamma', '1.0.0');
  network = await startNetwork({
    nodes: { origin: { role: 'origin', store: {} }, pop: { role: 'pop', parents: ['origin'] } },
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
    subjects: ['@acme/*'],
  } as const;
  ({ token } = await tokenFor(origin, 'alice', [right]));
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) await publish('@acme/ui', version);
  where = project(join(folder.path, 'project'), { '@acme/ui': '1.0.0', 'bad-gamma': '1.0.0' });
  const auth = `${base().replace('http:', '')}/:_authToken=${token}\n`;
  mkdirSync(homeOf('pnpm'), { recursive: true });
  writeFileSync(join(homeOf('pnpm'), '.npmrc'), auth);
  writeFileSync(join(where, '.npmrc'), auth);
  writeFileSync(join(where, 'yarn.lock'), '');
  const yarn = {
    npmAuthToken: token,
    npmAlwaysAuth: true,
    npmPublishRegistry: base(),
    npmAuditRegistry: base(),
  };
  // By itself, yarn takes nothing that is younger than a day. JSON is YAML.
  writeFileSync(join(where, '.yarnrc.yml'), JSON.stringify({ ...yarn, npmMinimalAgeGate: 0 }));
  const registryOfBun = `registry = { url = "${base()}/", token = "${token}" }`;
  writeFileSync(join(where, 'bunfig.toml'), `[install]\n${registryOfBun}\n`);
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  folder[Symbol.dispose]();
});

const base = () => `${network.url('pop')}/npm`;

async function publish(name: string, version: string): Promise<void> {
  const answer = await fetch(`${base()}/${name.replace('/', '%2f')}`, {
    method: 'PUT',
    headers: bearer(token),
    body: JSON.stringify(publication(name, version, { access: 'restricted' })),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const homeOf = (client: Client) => join(folder.path, `home-of-${client}`);

/** What a client says, which has to succeed. */
async function says(client: Client, ...args: string[]): Promise<string> {
  const options = { registry: `${base()}/`, project: where, home: homeOf(client) };
  return (await clientSucceeds(client, args, options)).output.trim();
}

async function fails(client: Client, ...args: string[]): Promise<string> {
  const options = { registry: `${base()}/`, project: where, home: homeOf(client) };
  const { code, output } = await runClient(client, args, options);
  expect([args.join(' '), code]).not.toEqual([args.join(' '), 0]);
  return output;
}

describe('pnpm', () => {
  const pnpm = (...args: string[]) => says('pnpm', ...args);

  test('finds', async () => {
    expect(await pnpm('ping')).toContain('PONG');
    expect(await pnpm('whoami')).toBe('alice');
    expect(await pnpm('view', '@acme/ui', 'version')).toBe('1.2.0');
    expect(await pnpm('search', 'ui')).toContain('@acme/ui');
  });

  test('tags, deprecates and unpublishes', async () => {
    await pnpm('dist-tag', 'add', '@acme/ui@1.0.0', 'old');
    expect(await pnpm('dist-tag', 'ls', '@acme/ui')).toBe('latest: 1.2.0\nold: 1.0.0');
    await pnpm('dist-tag', 'rm', '@acme/ui', 'old');
    expect(await pnpm('deprecate', '@acme/ui@1.0.0', 'use a newer one')).toContain('deprecated 1 version');
    expect(await pnpm('view', '@acme/ui@1.0.0', 'deprecated')).toBe('use a newer one');
    expect(await pnpm('undeprecate', '@acme/ui@1.0.0')).toContain('un-deprecated 1 version');
    expect(await pnpm('unpublish', '@acme/ui@1.2.0', '--force')).toContain('unpublished 1 version');
    expect(await pnpm('view', '@acme/ui', 'version')).toBe('1.1.0');
  }, 30_000);

  test('changes owners, access and teams', async () => {
    await pnpm('owner', 'add', '@acme/ui', 'bob');
    expect(await pnpm('owner', 'ls', '@acme/ui')).toMatch(/alice[\s\S]*bob/);
    await pnpm('owner', 'rm', '@acme/ui', 'bob');
    expect(await pnpm('owner', 'ls', '@acme/ui')).not.toContain('bob');
    await pnpm('access', 'set', 'status=public', '@acme/ui');
    expect(await pnpm('access', 'get', 'status', '@acme/ui')).toContain('access: public');
    await pnpm('access', 'set', 'status=private', '@acme/ui');
    expect(await pnpm('access', 'get', 'status', '@acme/ui')).toContain('access: restricted');
    await pnpm('access', 'set', 'mfa=none', '@acme/ui');
    await pnpm('team', 'create', '@acme:core');
    await pnpm('team', 'add', '@acme:core', 'bob');
    expect(await pnpm('team', 'ls', '@acme:core')).toContain('bob');
    expect(await pnpm('team', 'ls', '@acme')).toContain('@acme:core');
    await pnpm('access', 'grant', 'read-only', '@acme:core', '@acme/ui');
    expect(await pnpm('access', 'list', 'packages', '@acme:core')).toBe('@acme/ui: read');
    const shown = await pnpm('access', 'list', 'collaborators', '@acme/ui');
    expect(shown).toBe('admin: read-write\nalice: read-write\nbob: read-only');
    await pnpm('access', 'revoke', '@acme:core', '@acme/ui');
    await pnpm('team', 'rm', '@acme:core', 'bob');
    await pnpm('team', 'destroy', '@acme:core');
  }, 30_000);

  test('looks after its account', async () => {
    await pnpm('profile', 'set', 'fullname', 'Alice A. Allison');
    expect(await pnpm('profile', 'get')).toContain('fullname: Alice A. Allison');
    expect(await pnpm('token', 'list')).toContain('mrd_');
  });

  test('audits, and verifies the signatures of the registry', async () => {
    await pnpm('install');
    expect(await fails('pnpm', 'audit')).toContain('bad-gamma is bad');
    const signatures = await fails('pnpm', 'audit', 'signatures');
    // What is pulled from the small registry of this test has none.
    expect(signatures).toContain('1 package has a verified registry signature');
    expect(signatures).toContain('bad-gamma@1.0.0');
  }, 30_000);

  test('hears of what there is not', async () => {
    expect(await fails('pnpm', 'star', '@acme/ui')).toContain('no favourites');
    expect(await fails('pnpm', 'stage', 'list')).toContain('Nothing is staged here');
  });
});

test('yarn tags, shows, and audits', async () => {
  const yarn = (...args: string[]) => says('yarn', ...args);
  await yarn('install');
  await yarn('npm', 'tag', 'add', '@acme/ui@1.0.0', 'older');
  expect(await yarn('npm', 'tag', 'list', '@acme/ui')).toContain('@acme/ui@older → 1.0.0');
  await yarn('npm', 'tag', 'remove', '@acme/ui', 'older');
  expect(await yarn('npm', 'info', '@acme/ui', '-f', 'name')).toContain('@acme/ui');
  expect(await yarn('npm', 'whoami')).toContain('alice');
  expect(await fails('yarn', 'npm', 'audit', '--all')).toContain('bad-gamma is bad');
}, 30_000);

test('bun installs, shows, and audits', async () => {
  const bun = async (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? '', HOME: join(folder.path, 'home-of-bun'), NO_COLOR: '1' };
    const child = Bun.spawn([process.execPath, ...args], { cwd: where, env, stdout: 'pipe', stderr: 'pipe' });
    return (await child.stdout.text()) + (await child.stderr.text());
  };
  await bun('install');
  expect(await bun('install', '--frozen-lockfile')).toContain('no changes');
  expect((await bun('info', '@acme/ui', 'name')).trim()).toBe('@acme/ui');
  expect(await bun('audit')).toContain('bad-gamma is bad');
}, 30_000);
