/**
 * Teams, and what they may do, with the real npm: `npm team` and the whole of `npm access`, at a PoP; and `npm profile`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { clientSucceeds, runClient, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { publication } from '../support/publication.ts';
import { answering } from './logins.ts';
import { project } from './project.ts';

const folder = temporary('teams');
const password = 'correct horse battery';
let network: TestNetwork;
const tokens = new Map<string, string>();

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [npm({ upstreams: [], hosted: { scopes: ['@acme', '@other'], access: 'restricted' } })],
  });
  const right = (subject: string, ...actions: string[]) => ({
    actions,
    routes: ['npm'],
    subjects: [subject],
  });
  const origin = network.node('origin');
  for (const name of ['alice', 'bob', 'carol', 'root'])
    await origin.api('POST', '/users', { name, password, email: `${name}@example.com` });
  const rights = {
    alice: [right('@acme/*', 'read', 'publish', 'delete', 'admin')],
    bob: [],
    carol: [],
    root: [right('*', 'read', 'publish', 'delete', 'admin')],
  };
  for (const [name, given] of Object.entries(rights)) {
    for (const each of given) await origin.api('POST', '/grants', { ...each, to: `user:${name}` });
    const { token } = await tokenFor(origin, name, []);
    tokens.set(name, token);
    mkdirSync(home(name), { recursive: true });
    const lines = ['near', 'far'].map((pop) => `${base(pop).replace('http:', '')}/:_authToken=${token}`);
    writeFileSync(join(home(name), 'npmrc'), `${lines.join('\n')}\n`);
  }
  for (const name of ['@acme/ui', '@acme/tool', '@other/thing']) await publish(name);
}, 60_000);

afterAll(async () => {
  await network?.stop();
  folder[Symbol.dispose]();
});

const base = (pop = 'near') => network.url(pop);
const home = (name: string) => join(folder.path, name);

async function publish(name: string): Promise<void> {
  const answer = await fetch(`${base()}/${name.replace('/', '%2f')}`, {
    method: 'PUT',
    headers: bearer(tokens.get('root') ?? ''),
    body: JSON.stringify(publication(name, '1.0.0', { access: 'restricted' })),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const at = (name: string) => ({
  registry: `${base()}/`,
  project: project(join(folder.path, 'empty'), {}),
  home: home(name),
});
const succeeds = async (name: string, ...args: string[]) =>
  (await clientSucceeds('npm', args, at(name))).stdout.trim();
/** What npm says of a failure. */
async function fails(name: string, ...args: string[]): Promise<string> {
  const { code, output } = await runClient('npm', args, at(name));
  expect([args.join(' '), code]).toEqual([args.join(' '), 1]);
  return output;
}
/** Status and sentence of what npm would ask for: where npm itself would add nothing but a second. */
async function asked(name: string, method: string, path: string, body?: unknown): Promise<string> {
  const answer = await fetch(base() + path, {
    ...{ method, headers: bearer(tokens.get(name) ?? '') },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return `${answer.status} ${(await answer.text()).trim()}`;
}

/** Status of a package for somebody, at another PoP than the one that is told of changes. */
const read = async (name: string, subject: string) => {
  const answer = await fetch(`${base('far')}/${subject}`, { headers: bearer(tokens.get(name) ?? '') });
  await answer.bytes();
  return answer.status;
};

describe('npm team', () => {
  test('create, add, ls, rm and destroy', async () => {
    expect(await succeeds('alice', 'team', 'create', '@acme:core')).toBe('+@acme:core');
    expect(await succeeds('alice', 'team', 'add', '@acme:core', 'bob')).toBe('bob added to @acme:core');
    await succeeds('alice', 'team', 'create', '@acme:docs');
    expect(await succeeds('alice', 'team', 'ls', '@acme')).toBe('@acme has 2 teams:\n@acme:core\n@acme:docs');
    expect(await succeeds('alice', 'team', 'ls', '@acme:core')).toBe('@acme:core has 1 user:\nbob');
    const teams = await network.node('origin').api('GET', '/teams');
    expect(teams).toContainEqual(expect.objectContaining({ name: 'acme.core', members: ['bob'] }));
    await succeeds('alice', 'team', 'rm', '@acme:core', 'bob');
    expect(await succeeds('alice', 'team', 'ls', '@acme:core')).toBe('@acme:core has 0 users');
    await succeeds('alice', 'team', 'destroy', '@acme:docs');
    expect(await succeeds('alice', 'team', 'ls', 'acme')).toBe('@acme has 1 team:\n@acme:core');
    await succeeds('alice', 'team', 'destroy', '@acme:core');
  }, 30_000);

  test('is for those who administer the scope, and for users and teams that there are', async () => {
    expect(await fails('bob', 'team', 'create', '@acme:mine')).toContain('does not administer @acme/*');
    const create = (name: string, scope: string, team: string) =>
      asked(name, 'PUT', `/-/org/${scope}/team`, { name: team });
    const members = '/-/team/other/core/user';
    expect(await asked('bob', 'GET', '/-/org/acme/team')).toContain('no right by name to read @acme/*');
    expect(await create('alice', 'other', 'mine')).toContain('does not administer @other/*');
    expect(await create('root', 'other', 'core')).toStartWith('201 ');
    expect(await create('root', 'other', 'core')).toStartWith('409 ');
    expect(await create('root', 'other', 'a.b')).toMatch(/^400 .*no dot/);
    expect(await asked('root', 'PUT', members, { user: 'nobody' })).toContain('there is no user nobody');
    expect(await asked('root', 'DELETE', members, { user: 'bob' })).toContain('bob is not in the team');
  });

  test('lets nobody into a team that may do more than he administers', async () => {
    await asked('alice', 'PUT', '/-/org/acme/team', { name: 'release' });
    const right = { actions: ['read', 'publish'], routes: ['npm'], subjects: ['@acme/*', '@other/*'] };
    await network.node('origin').api('POST', '/grants', { ...right, to: 'team:acme.release' });
    const members = '/-/team/acme/release/user';
    expect(await asked('alice', 'PUT', members, { user: 'alice' })).toMatch(/^403 .*does not administer/);
    expect(await asked('alice', 'DELETE', '/-/team/acme/release')).toMatch(/^403 .*does not administer/);
    expect(await read('alice', '@other%2fthing')).toBe(403);
    expect(await asked('root', 'PUT', members, { user: 'carol' })).toStartWith('201 ');
    expect(await read('carol', '@other%2fthing')).toBe(200);
  });
});

describe('npm access', () => {
  test('grant and revoke say what a team may do with a package', async () => {
    await asked('alice', 'PUT', '/-/org/acme/team', { name: 'readers' });
    await asked('alice', 'PUT', '/-/team/acme/readers/user', { user: 'bob' });
    expect(await read('bob', '@acme%2fui')).toBe(403);
    await succeeds('alice', 'access', 'grant', 'read-only', '@acme:readers', '@acme/ui');
    expect([await read('bob', '@acme%2fui'), await read('bob', '@acme%2ftool')]).toEqual([200, 403]);
    const tag = '/-/package/@acme%2fui/dist-tags/next';
    expect(await asked('bob', 'PUT', tag, '1.0.0')).toStartWith('403 ');
    await succeeds('alice', 'access', 'grant', 'read-write', '@acme:readers', '@acme/ui');
    expect(await asked('bob', 'PUT', tag, '1.0.0')).toStartWith('201 ');
    expect(await succeeds('alice', 'access', 'list', 'packages', '@acme:readers')).toBe(
      '@acme/ui: read-write',
    );
    await succeeds('alice', 'access', 'revoke', '@acme:readers', '@acme/ui');
    expect(await read('bob', '@acme%2fui')).toBe(403);
    const again = await asked('alice', 'DELETE', '/-/team/acme/readers/package', { package: '@acme/ui' });
    expect(again).toMatch(/^404 .*wider right/);
    const grants = await network.node('origin').api('GET', '/grants?to=team:acme.readers');
    expect(grants).toEqual([]);
  }, 30_000);

  test('grant is for those who administer the package', async () => {
    const grant = (name: string, team: string, subject: string) =>
      asked(name, 'PUT', `/-/team/acme/${team}/package`, { package: subject, permissions: 'read-write' });
    expect(await grant('alice', 'readers', '@other/thing')).toContain('does not administer @other/thing');
    expect(await grant('bob', 'readers', '@acme/ui')).toStartWith('403 ');
    expect(await grant('alice', 'none', '@acme/ui')).toStartWith('404 ');
  });

  test('list packages of a scope, of a user, and of oneself', async () => {
    const own = '@acme/tool: read-write\n@acme/ui: read-write';
    expect(await succeeds('alice', 'access', 'list', 'packages')).toBe(own);
    expect(await succeeds('alice', 'access', 'list', 'packages', '@acme')).toBe(own);
    expect(await succeeds('root', 'access', 'list', 'packages', 'alice')).toBe(own);
    expect(await asked('bob', 'GET', '/-/user/alice/package')).toStartWith('403 ');
    expect(await asked('alice', 'GET', '/-/org/other/package')).toBe('200 {}');
  }, 30_000);

  test('list collaborators', async () => {
    const all = await succeeds('alice', 'access', 'list', 'collaborators', '@acme/ui');
    expect(all).toBe('admin: read-write\nalice: read-write\ncarol: read-write\nroot: read-write');
    const one = await succeeds('alice', 'access', 'list', 'collaborators', '@acme/ui', 'carol');
    expect(one).toBe('carol: read-write');
    expect(await asked('bob', 'GET', '/-/package/@acme%2fui/collaborators')).toStartWith('404 ');
  }, 30_000);

  test('get and set status', async () => {
    expect(await succeeds('alice', 'access', 'set', 'status=public', '@acme/tool')).toContain('public');
    expect(await read('bob', '@acme%2ftool')).toBe(200);
    expect(await succeeds('alice', 'access', 'set', 'status=private', '@acme/tool')).toContain('private');
    expect(await read('bob', '@acme%2ftool')).toBe(403);
    expect(await succeeds('alice', 'access', 'get', 'status', '@acme/tool')).toBe('@acme/tool: private');
  }, 30_000);

  test('set mfa: none is what there is', async () => {
    await succeeds('alice', 'access', 'set', 'mfa=none', '@acme/tool');
    expect(await fails('alice', 'access', 'set', 'mfa=publish', '@acme/tool')).toContain(
      'Two-factor authentication is not offered here',
    );
  }, 30_000);
});

describe('npm profile', () => {
  test('set and get what one says of oneself', async () => {
    await succeeds('bob', 'profile', 'set', 'fullname', 'Bob B. Bobson');
    await succeeds('bob', 'profile', 'set', 'email', 'bob@elsewhere.example');
    const shown = await succeeds('bob', 'profile', 'get');
    expect(shown).toContain('fullname: Bob B. Bobson');
    expect(shown).toContain('email: bob@elsewhere.example');
    expect(await succeeds('bob', 'profile', 'get', 'fullname')).toBe('Bob B. Bobson');
    const nowhere = await asked('bob', 'POST', '/-/npm/v1/user', { email: 'nowhere' });
    expect(nowhere).toMatch(/^400 .*no address for mail/);
  }, 30_000);

  test('set password, for who knows the one that there is', async () => {
    const change = (old: string, next: string) =>
      runClient('npm', ['profile', 'set', 'password'], {
        ...at('bob'),
        heard: answering([
          ['Current password', old],
          ['New password', next],
          ['Again', next],
        ]),
      });
    expect((await change('not the one', 'another long one')).output).toContain('E401');
    expect((await change(password, 'short')).output).toContain('10 to 1,024 characters');
    expect((await change(password, 'another long one')).code).toBe(0);
    const logIn = (secret: string) =>
      fetch(`${base()}/-/user/org.couchdb.user:bob`, {
        method: 'PUT',
        body: JSON.stringify({ name: 'bob', password: secret }),
      });
    expect([(await logIn(password)).status, (await logIn('another long one')).status]).toEqual([401, 201]);
  }, 30_000);

  test('is not for limited tokens', async () => {
    const limit = [{ actions: ['read'], routes: ['npm'], subjects: ['*'] }] as const;
    const { token } = await tokenFor(network.node('origin'), 'carol', [], { limit });
    const answer = await fetch(`${base()}/-/npm/v1/user`, {
      method: 'POST',
      headers: bearer(token),
      body: JSON.stringify({ fullname: 'Mallory' }),
    });
    expect(answer.status).toBe(403);
  });

  test('enable-2fa says that there is none', async () => {
    const run = await runClient('npm', ['profile', 'enable-2fa', 'auth-only'], {
      ...at('carol'),
      heard: answering([['password', password]]),
    });
    expect([run.code, run.output]).toEqual([
      1,
      expect.stringContaining('Two-factor authentication is not offered here'),
    ]);
    expect(await succeeds('carol', 'profile', 'disable-2fa')).toContain('not enabled');
  }, 30_000);
});

describe('what there is not is refused with a sentence', () => {
  test('npm star, unstar and stars', async () => {
    const all = [['star', '@acme/ui'], ['unstar', '@acme/ui'], ['stars']];
    for (const said of await Promise.all(all.map((args) => fails('alice', ...args))))
      expect(said).toContain('Nobody keeps stars here');
  }, 30_000);

  test('npm org', async () => {
    expect(await fails('alice', 'org', 'ls', 'acme')).toContain('There are no organisations here');
    for (const method of ['PUT', 'DELETE'])
      expect(await asked('alice', method, '/-/org/acme/user', { user: 'bob' })).toStartWith('405 ');
  }, 30_000);

  test('hooks, which newer versions of npm have no command for', async () => {
    expect(await asked('alice', 'GET', '/-/npm/v1/hooks')).toMatch(/^405 .*There are no hooks here/);
  });
});
