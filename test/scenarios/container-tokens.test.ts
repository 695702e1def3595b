/**
 * Tokens of clients of containers: given at the PoP for what somebody wants to do, and worth what their holder is worth at that
 * moment. Nobody learns from them what there is.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { get as getFrom, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { writeTicket } from '../../src/access/ticket.ts';
import { hashOfToken, makeToken } from '../../src/access/token.ts';
import type { Right } from '../../src/identity.ts';
import { npm, oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const password = 'correct horse battery';
const digest = (text: string) => `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
});
const reading = (subject: string): Right => ({ actions: ['read'], routes: ['images'], subjects: [subject] });
let upstream: Upstream;
let network: TestNetwork;
let seen: string[];

beforeAll(async () => {
  seen = [];
  upstream = await startUpstream(({ target, headers }) => {
    seen.push(`${target} ${headers.get('authorization') ?? '-'}`);
    if (!/\/(?:app|public)\/manifests\/v1$/.test(target) && !target.endsWith(digest(manifest)))
      return { status: 404, body: '{}' };
    return {
      headers: {
        'content-type': 'application/vnd.oci.image.index.v1+json',
        'docker-content-digest': digest(manifest),
      },
      body: manifest,
    };
  });
  const sources = [{ name: 'hub.example', url: upstream.url }];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
      'pop-2': { role: 'pop', parents: ['shield'], workers: 2 },
    },
    routes: [
      oci({ name: 'open', match: { path: '/open/v2' }, sources, mirrors: 'hub.example' }),
      npm({ name: 'packages', match: { path: '/npm' }, upstreams: [] }),
      oci({ name: 'images', access: 'closed', sources, mirrors: 'hub.example' }),
    ],
  });
  const origin = network.node('origin');
  await origin.api('POST', '/users', { name: 'alice', password });
  await origin.api('POST', '/grants', { ...reading('hub.example/team/*'), to: 'user:alice' });
  await origin.api('POST', '/grants', { ...reading('hub.example/team/public'), to: 'everyone' });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const given = z.object({
  token: z.string(),
  access_token: z.string(),
  expires_in: z.number(),
  issued_at: z.iso.datetime(),
  refresh_token: z.string().optional(),
});

const basic = (user: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
});
const get = (path: string, headers: Record<string, string> = {}, node = 'pop') =>
  fetch(`${network.url(node)}${path}`, { headers });
const ask = (query: string, headers: Record<string, string> = {}) =>
  get(`/v2/token?service=here${query}`, headers);
const scope = (name: string, actions = 'pull') => `&scope=repository:${name}:${actions}`;
const post = (fields: Record<string, string>) =>
  fetch(`${network.url('pop')}/v2/token`, { method: 'POST', body: new URLSearchParams(fields) });

async function tokenIn(answer: Response): Promise<z.output<typeof given>> {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return given.parse(await answer.json());
}
const ticket = async (query: string, headers: Record<string, string> = {}) =>
  bearer((await tokenIn(await ask(query, headers))).token);
const pull = async (name: string, headers: Record<string, string>, node = 'pop') => {
  const answer = await get(`/v2/${name}/manifests/v1`, headers, node);
  await answer.text();
  return answer.status;
};

describe('a client without a token', () => {
  test('is told where to get one and for what, by the address that it has used', async () => {
    const ping = await get('/v2/');
    expect(ping.status).toBe(401);
    const at = network.url('pop');
    const service = `service="${at.slice('http://'.length)}"`;
    expect(ping.headers.get('www-authenticate')).toBe(`Bearer realm="${at}/v2/token",${service}`);
    const refused = await get('/v2/team/app/manifests/v1');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="${at}/v2/token",${service},scope="repository:team/app:pull"`,
    );
    expect(await refused.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
    const mirrored = await get('/v2/team/app/manifests/v1?ns=hub.example');
    expect(mirrored.headers.get('www-authenticate')).toContain(
      'scope="repository:hub.example/team/app:pull"',
    );
  });

  test('needs none where everybody may read', async () => {
    expect((await get('/open/v2/')).status).toBe(200);
    expect((await get('/open/v2/team/app/manifests/v1')).status).toBe(200);
    expect((await get('/open/v2/', basic('alice', 'mrd_wrong'))).status).toBe(401);
  });

  test('gets one that is nobody’s, for what everybody may have', async () => {
    const nobody = await ticket(scope('team/public') + scope('team/app'));
    expect((await get('/v2/', nobody)).status).toBe(200);
    expect(await pull('team/public', nobody)).toBe(200);
    expect(await pull('team/app', nobody)).toBe(401);
  });
});

describe('a token', () => {
  test('is given for a name and a password, and for a token in the place of it', async () => {
    const { token } = await tokenFor(network.node('origin'), 'alice', []);
    for (const shown of [basic('alice', password), basic('any', token), bearer(token)]) {
      const headers = await ticket(scope('team/app'), shown);
      expect(await pull('team/app', headers)).toBe(200);
      expect(await pull('hub.example/team/app', headers, 'pop-2')).toBe(200);
    }
    expect(await pull('team/app', basic('any', token))).toBe(200);
  });

  test('is good for five minutes, says so, and is kept by nobody', async () => {
    const answer = await ask(scope('team/app'), basic('alice', password));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { token, access_token, expires_in, refresh_token } = await tokenIn(answer);
    expect([access_token, expires_in, refresh_token]).toEqual([token, 300, undefined]);
  });

  test('is good for what it was asked for alone, and the client hears what to ask for', async () => {
    const headers = await ticket(scope('team/other'), basic('alice', password));
    const refused = await get('/v2/team/app/manifests/v1', headers);
    expect(refused.status).toBe(401);
    const challenge = refused.headers.get('www-authenticate');
    expect(challenge).toContain('scope="repository:team/app:pull"');
    expect(challenge).toContain('error="insufficient_scope"');
  });

  test('for more than somebody may do is no error, and gives him no more', async () => {
    const headers = await ticket(scope('secret/app', '*'), basic('alice', password));
    const refused = await get('/v2/secret/app/manifests/v1', headers);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ errors: [{ code: 'DENIED' }] });
  });

  test('gives no other one', async () => {
    const headers = await ticket(scope('team/app'), basic('alice', password));
    expect((await ask(scope('team/app'), headers)).status).toBe(401);
  });

  test('is worth nothing a moment after the one behind it is revoked', async () => {
    const { id, token } = await tokenFor(network.node('origin'), 'carol', [reading('hub.example/team/*')]);
    const headers = await ticket(scope('team/app'), basic('carol', token));
    expect(await pull('team/app', headers)).toBe(200);
    await network.node('origin').api('DELETE', `/tokens/${id}`);
    await eventually('the token to be refused', async () => (await pull('team/app', headers)) === 401);
    expect((await ask('', basic('carol', token))).status).toBe(401);
  });

  test('is worth nothing while the user is disabled', async () => {
    const origin = network.node('origin');
    await origin.api('POST', '/users', { name: 'dora', password });
    await origin.api('POST', '/grants', { ...reading('hub.example/team/*'), to: 'user:dora' });
    const headers = await ticket(scope('team/app'), basic('dora', password));
    expect(await pull('team/app', headers)).toBe(200);
    await origin.api('PUT', '/users/dora', { disabled: true });
    await eventually('the token to be refused', async () => (await pull('team/app', headers)) === 401);
    expect((await ask('', basic('dora', password))).status).toBe(401);
  });

  test('for a password leaves one record however often it is asked for', async () => {
    const own = async () =>
      z
        .array(z.object({ owner: z.string() }))
        .parse(await network.node('origin').api('GET', '/tokens?owner=user:alice')).length;
    await ticket('', basic('alice', password));
    const before = await own();
    const all = await Promise.all(
      Array.from({ length: 40 }, () => ask(scope('team/app'), basic('alice', password))),
    );
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await own()).toBe(before);
  });

  test('for a password is not given any more once that is another one', async () => {
    const origin = network.node('origin');
    await origin.api('POST', '/users', { name: 'gina', password });
    await ticket('', basic('gina', password));
    await origin.api('PUT', '/users/gina', { password: 'another password' });
    expect((await ask('', basic('gina', password))).status).toBe(401);
    expect((await ask('', basic('gina', 'another password'))).status).toBe(200);
  });

  test('is good at every worker of a node', async () => {
    const headers = await ticket(scope('team/app'), basic('alice', password));
    const statuses = await Promise.all(Array.from({ length: 20 }, () => pull('team/app', headers, 'pop-2')));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    const nobody = await ticket(scope('team/app'));
    const refused = await Promise.all(Array.from({ length: 20 }, () => pull('team/app', nobody, 'pop-2')));
    expect(refused).toEqual(Array.from({ length: 20 }, () => 401));
  });

  test('is good for nothing else that the one behind it is good for', async () => {
    const headers = await ticket(scope('team/app', '*'), basic('alice', password));
    const { token } = await tokenFor(network.node('origin'), 'alice', []);
    for (const path of ['/npm/-/npm/v1/tokens', '/npm/-/whoami', '/.meridian/v1/own/tokens']) {
      expect((await get(path, bearer(token))).status).toBe(200);
      expect((await get(path, headers)).status).toBe(401);
    }
    const ownRoute = await get('/npm/left-pad', headers);
    expect(ownRoute.status).toBe(404);
    await ownRoute.text();
  });

  test('goes to no upstream', () => {
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((line) => !line.endsWith(' -'))).toEqual([]);
  });
});

describe('a token by OAuth', () => {
  test('is given for a password, with one to keep instead of it', async () => {
    const answer = await post({
      grant_type: 'password',
      ...{ service: 'here', client_id: 'docker', access_type: 'offline', username: 'alice', password },
    });
    const { refresh_token = '' } = await tokenIn(answer);
    expect(refresh_token).toMatch(/^mrd_/);
    const again = await tokenIn(
      await post({ grant_type: 'refresh_token', scope: 'repository:team/app:pull', refresh_token }),
    );
    expect(await pull('team/app', bearer(again.token))).toBe(200);
    const docker = await tokenIn(
      await ask('&account=alice&client_id=docker&offline_token=true', basic('alice', password)),
    );
    expect(docker.refresh_token).toMatch(/^mrd_/);
  });

  test('is not given for anything else', async () => {
    expect((await post({ grant_type: 'refresh_token', refresh_token: 'mrd_wrong' })).status).toBe(401);
    expect((await post({ grant_type: 'password', username: 'alice' })).status).toBe(401);
    expect((await post({ grant_type: 'client_credentials' })).status).toBe(400);
    const json = await fetch(`${network.url('pop')}/v2/token`, { method: 'POST', body: '{}' });
    expect(json.status).toBe(400);
  });
});

test('a token of a token for one address is good from there alone', async () => {
  const { token } = await tokenFor(network.node('origin'), 'alice', [], { addresses: ['127.0.0.1/32'] });
  const made = await ticket(scope('team/app'), bearer(token));
  const from = async (localAddress: string, path: string, headers: Record<string, string>) => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    getFrom(`${network.url('pop')}${path}`, { localAddress, headers, agent: false }, resolve).once(
      'error',
      reject,
    );
    const answer = await promise;
    answer.resume();
    return answer.statusCode;
  };
  const path = '/v2/team/app/manifests/v1';
  expect(await from('127.0.0.1', path, made)).toBe(200);
  expect(await from('127.0.0.2', path, made)).toBe(401);
  expect(await from('127.0.0.2', `/v2/token?service=x${scope('team/app')}`, bearer(token))).toBe(401);
});

describe('nobody', () => {
  test('gets further by a token that he has signed himself, or changed, or that is too long', async () => {
    const holder = hashOfToken(makeToken());
    const rights = [{ ...reading('*'), actions: ['read', 'publish', 'delete', 'admin'] as const }];
    const expiresMs = Date.now() + 1e9;
    const [, said, signature] = (await ticket(scope('team/public'))).authorization.split('.');
    const more = Buffer.from(JSON.stringify({ holder: null, expiresMs, rights })).toString('base64url');
    for (const text of [
      writeTicket('', { holder, expiresMs, rights }),
      writeTicket('another secret, which is long enough too', { holder: null, expiresMs, rights }),
      ...[`mrd_.${more}.${signature}`, `mrd_.${more}.`, `mrd_.${more}`, `mrd_.${said}.${'A'.repeat(43)}`],
      ...[`mrd_.${'x'.repeat(5_000)}.${signature}`, `mrd_.\u00e4.${signature}`, 'mrd_.x', 'mrd_...'],
    ]) {
      const answer = await get('/v2/team/public/manifests/v1', bearer(text));
      expect([text.slice(0, 60), answer.status]).toEqual([text.slice(0, 60), 401]);
      expect(await answer.text()).not.toContain(text);
    }
    const huge = await get('/v2/team/public/manifests/v1', bearer('x'.repeat(60_000))).catch(() => null); // hung up on
    expect([400, 401, 431, undefined]).toContain(huge?.status);
  });

  test('is let in from a page of another origin', async () => {
    const origin = 'https://elsewhere.example';
    for (const path of ['/v2/', '/v2/token?service=x', '/v2/team/public/manifests/v1']) {
      const { headers } = await get(path, { origin });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('gets a token by a wrong password, nor tries many', async () => {
    const refused = await ask(scope('team/app'), basic('alice', 'wrong'));
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('Basic');
    expect(await refused.text()).toContain('Wrong user name or password');
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async (_, at) => (await ask('', basic('erin', `wrong ${at}`))).status),
    );
    expect(statuses).toContain(429);
    expect((await ask(scope('team/app'), basic('alice', password))).status).toBe(200);
  });

  test('gets one for what is no scope', async () => {
    for (const text of ['pull', 'repository:*:pull', 'repository:../x:pull', 'repository::pull']) {
      const refused = await ask(`&scope=${encodeURIComponent(text)}`);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
    }
  });

  test('can tell a repository that he may not read from one that there is not', async () => {
    const { token } = await tokenFor(network.node('origin'), 'frank', []);
    const told = async (name: string, shown: Record<string, string>) => {
      const headers = await ticket(scope(name), shown);
      const answers = [];
      for (const path of [
        'manifests/v1',
        'tags/list',
        `blobs/${digest('x')}`,
        `referrers/${digest(manifest)}`,
      ]) {
        const answer = await get(`/v2/${name}/${path}`, headers);
        const fields = ['content-length', 'etag', 'docker-content-digest', 'age', 'www-authenticate'].map(
          (field) => answer.headers.get(field)?.replaceAll(name, 'NAME'),
        );
        answers.push([
          answer.status,
          ...fields,
          (await answer.text()).replaceAll(name, 'NAME').replace(/"requestId.*/, ''),
        ]);
      }
      return answers;
    };
    for (const shown of [{}, basic('frank', token)])
      expect(await told('team/app', shown)).toEqual(await told('team/ap2', shown));
  });
});
