/**
 * Accounts as package managers' own commands know them, through a PoP and a shield: logging in in a browser and at a terminal, who
 * one is, one's tokens, and tokens of CI jobs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { z } from 'zod';
import { npm } from '../../src/index.ts';
import { bearer } from '../support/access.ts';
import {
  type Client,
  type ClientRun,
  clientSucceeds,
  runClient,
  startNetwork,
  startUpstream,
  type TestNetwork,
  temporary,
  type Upstream,
} from '../support/index.ts';
import { answering, filling } from './logins.ts';
import { project } from './project.ts';

const folder = temporary('accounts');
const password = 'correct horse battery';
let issuer: Upstream;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let network: TestNetwork;

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' };
  issuer = await startUpstream(({ target }) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      target === '/keys' ? { keys: [jwk] } : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
    ),
  }));
  network = await startNetwork({
    access: {
      issuers: [
        {
          url: issuer.url,
          audience: 'npm:127.0.0.1',
          machines: [{ machine: 'ui-release', claims: { repository: 'acme/ui' } }],
        },
      ],
    },
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    // At the root, as npm asks there to exchange the identity of a job, whatever path its registry has.
    routes: [
      npm({ name: 'pulled', match: { path: '/pulled' }, upstreams: [] }),
      npm({ access: 'closed', upstreams: [], hosted: { scopes: ['@acme'], access: 'restricted' } }),
    ],
  });
  for (const name of ['alice', 'bob', 'carol', 'dora', 'eve'])
    await network.node('origin').api('POST', '/users', { name, password, email: `${name}@example.com` });
  const everything = { actions: ['read', 'publish', 'delete', 'admin'], routes: ['*'], subjects: ['*'] };
  await network.node('origin').api('POST', '/grants', { ...everything, to: 'user:alice' });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await issuer?.off();
  folder[Symbol.dispose]();
});

const base = (pop = 'near') => network.url(pop);
const home = (name: string) => join(folder.path, name);
const empty = () => project(join(folder.path, 'empty'), {});
const npmrc = (name: string) => readFileSync(join(home(name), 'npmrc'), 'utf8');
/** The token that npm has written down. */
const tokenOf = (name: string) => /_authToken=(\S+)/.exec(npmrc(name))?.[1] ?? '';

function at(name: string, registry = base()) {
  return { registry: `${registry}/`, project: empty(), home: home(name) };
}
const succeeds = (name: string, ...args: string[]) => clientSucceeds('npm', args, at(name));
const runs = (name: string, ...args: string[]) => runClient('npm', args, at(name));

const atTerminal = (name: string, secret = password, client: Client = 'npm', args: string[] = []) =>
  runClient(client, ['login', '--auth-type=legacy', ...args], {
    ...at(name),
    heard: answering([
      ['Username', name],
      ['Password', secret],
    ]),
  });

const inBrowser = (name: string, client: Client = 'npm', registry = base()): Promise<ClientRun> =>
  runClient(client, ['login'], { ...at(name, registry), heard: filling(name, password) });

const credentials = (name: string) => ({ method: 'PUT', body: JSON.stringify({ name, password }) });
const tokenIn = async (response: Response) =>
  z.object({ token: z.string() }).parse(await response.json()).token;

const statusAndText = async (response: Response) => [response.status, await response.text()] as const;
const audit = async () =>
  z
    .array(z.object({ by: z.string(), what: z.string(), subject: z.string() }))
    .parse(await network.node('origin').api('GET', '/audit?limit=1000'));

describe('npm login', () => {
  test('in a browser, and npm logout', async () => {
    const login = await inBrowser('alice');
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('Logged in')]);
    expect((await succeeds('alice', 'whoami')).stdout.trim()).toBe('alice');
    const token = tokenOf('alice');
    const shown = await fetch(`${base('far')}/-/whoami`, { headers: bearer(token) });
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-store']);
    await succeeds('alice', 'logout');
    expect((await fetch(`${base()}/-/whoami`, { headers: bearer(token) })).status).toBe(401);
    const lines = await audit();
    for (const what of ['login.finish', 'token.create', 'token.revoke'])
      expect(lines).toContainEqual(expect.objectContaining({ what, by: 'user:alice' }));
  });

  test('at a terminal', async () => {
    const login = await atTerminal('alice');
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('Logged in')]);
    expect((await succeeds('alice', 'whoami')).stdout.trim()).toBe('alice');
  });

  test('works at any npm route, also where nothing is published', async () => {
    const login = await inBrowser('bob', 'npm', `${base('far')}/pulled`);
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('/pulled/-/v1/login?session=')]);
    const { stdout } = await clientSucceeds('npm', ['whoami'], at('bob', `${base('far')}/pulled`));
    expect(stdout.trim()).toBe('bob');
  });

  test('is not for a wrong password, nor for who is disabled', async () => {
    const wrong = await atTerminal('bob', 'something else');
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining('E401')]);
    await network.node('origin').api('PUT', '/users/dora', { disabled: true });
    expect((await atTerminal('dora')).output).toContain('E401');
    expect((await atTerminal('nobody')).output).toContain('E401');
    expect(await audit()).toContainEqual(expect.objectContaining({ what: 'denied.login', subject: 'bob' }));
  });

  test('makes no user, unless the config says so', async () => {
    const added = await runClient('npm', ['adduser', '--auth-type=legacy'], {
      ...at('mallory'),
      heard: answering([
        ['Username', 'mallory'],
        ['Password', password],
        ['Email', 'mallory@example.com'],
      ]),
    });
    expect([added.code, added.output]).toEqual([1, expect.stringContaining('E401')]);
  });
});

test('an answer about somebody is made at the origin, each time anew', async () => {
  const tokens = new Map<string, string>();
  for (const name of ['alice', 'bob'])
    tokens.set(
      name,
      await fetch(`${base()}/-/user/org.couchdb.user:${name}`, credentials(name)).then(tokenIn),
    );
  for (const pop of ['near', 'far'])
    for (const [name, token] of [...tokens, ...tokens]) {
      const { result, asked } = await network.during(() =>
        fetch(`${base(pop)}/-/whoami`, { headers: bearer(token) }),
      );
      expect(z.object({ username: z.string() }).parse(await result.json()).username).toBe(name);
      for (const node of ['shield', 'origin'])
        expect(asked(node).filter(({ target }) => target === '/-/whoami')).toHaveLength(1);
    }
});

describe('one’s own tokens', () => {
  test('npm token create, list, revoke', async () => {
    await network.node('origin').api('POST', '/grants', {
      ...{ to: 'user:carol', actions: ['read', 'publish'], routes: ['npm'], subjects: ['@acme/*'] },
    });
    expect((await atTerminal('carol')).code).toBe(0);
    const options = ['--name', 'ci', '--cidr', '10.0.0.0/8', '--password', password, '--json'];
    const made = z
      .object({ token: z.string(), cidr_whitelist: z.array(z.string()) })
      .parse(JSON.parse((await succeeds('carol', 'token', 'create', ...options)).stdout));
    expect(made.cidr_whitelist).toEqual(['10.0.0.0/8']);
    expect((await fetch(`${base()}/-/whoami`, { headers: bearer(made.token) })).status).toBe(401);

    const listed = z
      .array(z.object({ key: z.string(), name: z.string() }))
      .parse(JSON.parse((await succeeds('carol', 'token', 'list', '--json')).stdout));
    expect(listed.map(({ name }) => name).sort()).toEqual(['ci', expect.stringContaining('npm login')]);
    await succeeds('carol', 'token', 'revoke', listed.find(({ name }) => name === 'ci')?.key ?? '');
    expect((await succeeds('carol', 'token', 'list')).stdout).not.toContain('ci');
  });

  test('a token that only reads may only read, and sees no other', async () => {
    const headers = bearer(tokenOf('carol'));
    const wanted = { method: 'POST', headers, body: JSON.stringify({ password, readonly: true }) };
    const answer = await fetch(`${base()}/-/npm/v1/tokens`, wanted);
    const { token, readonly } = z
      .object({ token: z.string(), readonly: z.boolean() })
      .parse(await answer.json());
    expect(readonly).toBe(true);
    const published = await fetch(`${base()}/@acme%2fx`, {
      method: 'PUT',
      headers: bearer(token),
      body: '{}',
    });
    expect(published.status).toBe(403);
    const list = z.object({ total: z.number() });
    const seen = await fetch(`${base('far')}/-/npm/v1/tokens`, { headers: bearer(token) });
    expect(list.parse(await seen.json()).total).toBe(1);
  });

  test('npm token create for some packages, for some days, for reading', async () => {
    const wanted = ['--name', 'deploy', '--token-description', 'of the shop', '--expires', '7'];
    const limits = ['--packages', '@acme/x', '--scopes', '@shop', '--packages-and-scopes-permission'];
    const rest = ['read-only', '--bypass-2fa', '--password', password, '--json'];
    const { stdout } = await succeeds('carol', 'token', 'create', ...wanted, ...limits, ...rest);
    const made = z
      .object({ token: z.string(), name: z.string(), readonly: z.boolean(), expires: z.string() })
      .parse(JSON.parse(stdout));
    expect([made.name, made.readonly]).toEqual(['deploy: of the shop', true]);
    expect((Date.parse(made.expires) - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
    const status = async (method: string, name: string) =>
      (await fetch(`${base('far')}/${name}`, { method, headers: bearer(made.token) })).status;
    expect([await status('GET', '@acme%2fx'), await status('GET', '@acme%2fy')]).toEqual([404, 403]);
    expect(await status('PUT', '@acme%2fx')).toBe(403);
    const ofAnOrganisation = await runs('carol', 'token', 'create', '--orgs', 'acme', '--password', password);
    expect(ofAnOrganisation.output).toContain('There are no organisations here');
  });

  test('need the password', async () => {
    const made = await runs('carol', 'token', 'create', '--name', 'ci', '--password', 'wrong one');
    expect([made.code, made.output]).toEqual([1, expect.stringContaining('E401')]);
  });

  test('npm profile get', async () => {
    expect((await succeeds('carol', 'profile', 'get')).stdout).toContain('carol@example.com');
  });

  test('are for who has one', async () => {
    for (const path of ['/-/whoami', '/-/npm/v1/user', '/-/npm/v1/tokens', '/-/user/org.couchdb.user:bob'])
      expect([path, (await fetch(base() + path)).status]).toEqual([path, 401]);
    const name = { authorization: `Basic ${btoa(`carol:${password}`)}` };
    const [status, text] = await statusAndText(await fetch(`${base()}/-/whoami`, { headers: name }));
    expect([status, text]).toEqual([401, expect.stringContaining('good for logging in only')]);
  });
});

test('npm ping', async () => {
  await succeeds('alice', 'ping');
});

test('npm owner add, ls and rm', async () => {
  const where = join(folder.path, 'owned');
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), JSON.stringify({ name: '@acme/owned', version: '1.0.0' }));
  await clientSucceeds('npm', ['publish'], { ...at('alice'), project: where });
  await succeeds('alice', 'owner', 'add', 'bob', '@acme/owned');
  expect((await succeeds('alice', 'owner', 'ls', '@acme/owned')).stdout).toContain('bob <bob@example.com>');
  await succeeds('alice', 'owner', 'rm', 'bob', '@acme/owned');
  expect((await succeeds('alice', 'owner', 'ls', '@acme/owned')).stdout).not.toContain('bob');
  expect((await runs('alice', 'owner', 'add', 'nobody', '@acme/owned')).output).toContain('E404');
});

test('what there is not is refused with a sentence: teams where nothing lives, staging, trust by command', async () => {
  const headers = bearer(tokenOf('alice'));
  const asked = async (method: string, path: string) =>
    statusAndText(await fetch(base() + path, { method, headers, ...(method === 'POST' && { body: '{}' }) }));
  for (const [method, path, sentence] of [
    ['GET', '/pulled/-/org/acme/team', 'Nothing is published on this route'],
    ['POST', '/-/stage/package/@acme%2fowned', 'Nothing is staged here'],
    ['GET', '/-/stage', 'Nothing is staged here'],
    ['POST', '/-/package/@acme%2fowned/trust', 'access.issuers'],
  ] as const)
    expect(await asked(method, path)).toEqual([405, expect.stringContaining(sentence)]);
});

describe('trusted publishing', () => {
  const identity = (repository: string) =>
    new SignJWT({ repository })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuer.url)
      .setSubject('job')
      .setAudience('npm:127.0.0.1')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(keys.privateKey);

  const publishing = async (name: string, repository: string) => {
    const where = join(folder.path, `by-${repository}-${name}`.replaceAll('/', '-'));
    mkdirSync(where, { recursive: true });
    writeFileSync(join(where, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    return runClient('npm', ['publish'], {
      ...{ ...at('job'), project: where },
      environment: { GITLAB_CI: 'true', NPM_ID_TOKEN: await identity(repository) },
    });
  };

  test('a job publishes with nothing but its own identity', async () => {
    const right = { actions: ['read', 'publish'], routes: ['npm'], subjects: ['@acme/*'] };
    await network.node('origin').api('POST', '/grants', { ...right, to: 'machine:ui-release' });
    const run = await publishing('@acme/ui', 'acme/ui');
    expect([run.code, run.output]).toEqual([0, expect.stringContaining('+ @acme/ui@1.0.0')]);
    expect((await publishing('@acme/other', 'acme/other')).code).toBe(1);
  });

  test('its token is for one package', async () => {
    const answer = await fetch(`${base()}/-/npm/v1/oidc/token/exchange/package/@acme%2fui`, {
      method: 'POST',
      headers: bearer(await identity('acme/ui')),
    });
    const { token } = z.object({ token: z.string() }).parse(await answer.json());
    const reads = async (name: string) =>
      (await fetch(`${base()}/${name}`, { headers: bearer(token) })).status;
    expect([await reads('@acme/ui'), await reads('@acme/owned')]).toEqual([200, 403]);
  });
});

describe('other clients', () => {
  test('pnpm login in a browser, whoami and logout', async () => {
    const login = await inBrowser('bob', 'pnpm');
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('ogged in')]);
    const whoami = await runClient('pnpm', ['whoami'], at('bob'));
    expect([whoami.code, whoami.stdout.trim()]).toEqual([0, 'bob']);
    await clientSucceeds('pnpm', ['logout'], at('bob'));
    expect((await runClient('pnpm', ['whoami'], at('bob'))).code).not.toBe(0);
  });

  test('bun pm whoami', async () => {
    const token = await fetch(`${base()}/-/user/org.couchdb.user:bob`, credentials('bob')).then(tokenIn);
    const where = project(join(folder.path, 'bun'), {});
    const registry = `registry = { url = "${base()}/", token = "${token}" }`;
    writeFileSync(join(where, 'bunfig.toml'), `[install]\n${registry}\n`);
    const child = Bun.spawn([process.execPath, 'pm', 'whoami'], {
      cwd: where,
      env: { PATH: process.env.PATH ?? '', HOME: home('bun') },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    expect((await child.stdout.text()).trim()).toBe('bob');
  });

  test('yarn npm login, whoami and logout', async () => {
    const where = project(join(folder.path, 'yarn'), {});
    writeFileSync(join(where, 'yarn.lock'), '');
    const options = { ...at('carol-yarn'), project: where };
    const login = await runClient('yarn', ['npm', 'login'], {
      ...options,
      environment: {
        YARN_IS_TEST_ENV: '1',
        YARN_INJECT_NPM_USER: 'carol',
        YARN_INJECT_NPM_PASSWORD: password,
      },
    });
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('Successfully logged in')]);
    expect((await clientSucceeds('yarn', ['npm', 'whoami'], options)).stdout).toContain('carol');
    await clientSucceeds('yarn', ['npm', 'logout'], options);
  });

  test('yarn npm login --web-login', async () => {
    const where = project(join(folder.path, 'yarn-web'), {});
    writeFileSync(join(where, 'yarn.lock'), '');
    const options = { ...at('alice-yarn'), project: where };
    const inPage = filling('alice', password);
    const atKeyboard = answering([['open your browser now?', 'n']]);
    const login = await runClient('yarn', ['npm', 'login', '--web-login'], {
      ...{ ...options, withinMs: 20_000 },
      heard(said, type) {
        inPage(said);
        atKeyboard(said, type);
      },
    });
    expect([login.code, login.output]).toEqual([0, expect.stringContaining('Successfully logged in')]);
    expect((await clientSucceeds('yarn', ['npm', 'whoami'], options)).stdout).toContain('alice');
  });
});

test('who tries too many passwords has to wait', async () => {
  const attempt = () =>
    fetch(`${base()}/-/user/org.couchdb.user:eve`, {
      method: 'PUT',
      body: JSON.stringify({ name: 'eve', password: 'a guess' }),
    });
  let last = await attempt();
  for (let times = 0; times < 25 && last.status === 401; times++) last = await attempt();
  const [status, text] = await statusAndText(last);
  expect([status, last.headers.get('retry-after'), text]).toEqual([
    429,
    '10',
    expect.stringContaining('too many attempts'),
  ]);
}, 30_000);
