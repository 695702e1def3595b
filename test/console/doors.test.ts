/** The console of every kind of node: whoever has a token can sign in there, comes with his own address, and gets no further than it lets him. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { web } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser } from '../support/browser.ts';
import { administrator, button, field, visit } from '../support/console.ts';
import { freePorts, startNetwork, startUpstream, type TestNetwork, type Upstream } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const madeToken = z.object({ id: z.string(), token: z.string() });
const auditLines = z.array(z.looseObject({ subject: z.string() }));

let upstream: Upstream;
let network: TestNetwork;
let token: string;
const admins = new Map<string, string>();

const canBrowse = available('a browser', browserProblem);

beforeAll(async () => {
  upstream = await startUpstream(() => ({ body: 'x'.repeat(1000) }));
  const names = ['origin', 'shield', 'pop', 'alone'] as const;
  const listener = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, { port: await freePort(name) }] as const)),
  );
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', admin: listener['origin'] },
      shield: { role: 'shield', parents: ['origin'], workers: 2, admin: listener['shield'] },
      pop: { role: 'pop', parents: ['shield'], workers: 2, admin: listener['pop'] },
      alone: { role: 'pop', parents: ['origin'], admin: listener['alone'] },
    },
    routes: [web({ name: 'docs', upstream: upstream.url })],
  });
  token = await administrator(network);
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

async function freePort(name: string): Promise<number> {
  const port = await freePorts(1);
  admins.set(name, `http://127.0.0.1:${port}`);
  return port;
}

function ask(node: string, path: string, init: RequestInit & { readonly by?: string } = {}) {
  const { by, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (by !== undefined) headers.set('authorization', `Bearer ${by}`);
  return fetch(`${admins.get(node)}/.meridian/v1${path}`, { ...rest, headers });
}

for (const node of ['origin', 'shield', 'pop', 'alone']) {
  test(`at ${node}, the API answers whoever has a token, as far as it goes`, async () => {
    expect(await (await ask(node, '/whoami', { by: token })).json()).toMatchObject({
      name: 'user:ada',
      administers: true,
    });
    expect((await ask(node, '/nodes')).status).toBe(401);
    expect((await ask(node, '/nodes', { by: 'mrd_none' })).status).toBe(401);
    expect((await ask(node, '/nodes/everyone', { by: token })).status).toBe(403);
    expect((await ask(node, '/nodes/told')).status).toBe(403);
    expect((await ask(node, '/whoami', { by: token, method: 'PATCH' })).status).toBe(405);
  });

  test(`at ${node}, a token for other addresses is refused, and the audit log has the visitor's`, async () => {
    const made = async (addresses: string[]) => {
      const body = { label: `of ${node}`, owner: 'user:ada', addresses };
      const answer = await ask(node, '/tokens', { by: token, method: 'POST', body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      return madeToken.parse(await answer.json());
    };
    const near = await made(['127.0.0.0/8']);
    const far = await made(['192.0.2.0/24']);
    expect((await ask(node, '/whoami', { by: near.token })).status).toBe(200);
    const refused = await ask(node, '/whoami', {
      by: far.token,
      // Nobody is believed who says where he is.
      headers: { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' },
    });
    expect(refused.status).toBe(401);
    expect(await refused.text()).toContain('not good for requests from this address');
    const audit = auditLines.parse(await network.node('origin').api('GET', '/audit'));
    expect(audit.find(({ subject }) => subject === far.id)).toMatchObject({
      ...{ what: 'token.create', by: 'user:ada', from: '127.0.0.1' },
    });
  });
}

test('what visitors ask is counted as nobody’s traffic', async () => {
  const before = (await network.node('pop').status()).requests;
  for (let i = 0; i < 5; i++) await ask('pop', '/whoami', { by: token });
  expect((await network.node('pop').status()).requests).toBe(before);
});

test('somebody who administers nothing gets no further at the origin either', async () => {
  const rights = [{ actions: ['read' as const], routes: ['docs'], subjects: ['*'] }];
  const { token: own } = await tokenFor(network.node('origin'), 'bob', rights);
  expect((await ask('origin', '/whoami', { by: own })).status).toBe(200);
  expect((await ask('origin', '/users', { by: own })).status).toBe(403);
});

test.skipIf(!canBrowse)(
  'a console at the origin lets people in, says when the node is away, and sends them back when their token is revoked',
  async () => {
    await using chromium = await launchBrowser();
    const own = await tokenFor(network.node('origin'), 'eve', [
      { actions: ['read'], routes: ['docs'], subjects: ['*'] },
    ]);
    const admin = admins.get('origin') ?? '';
    await using visitor = await visit(chromium.browser, admin, token);
    await visitor.sees('user:ada');
    expect(visitor.complaints).toEqual([]);

    await using eve = await visit(chromium.browser, admin, own.token);
    await eve.sees('Packages');
    expect(new URL(eve.page.url()).pathname).toBe('/console/packages');
    expect(eve.complaints).toEqual([]);

    // What a reload cuts off, the browser never calls finished.
    await eve.page.waitForNetworkIdle();
    const devtools = await eve.page.createCDPSession();
    await devtools.send('Network.enable');
    await devtools.send('Network.setBlockedURLs', { urls: ['*/whoami'] });
    await eve.page.reload();
    await eve.sees('does not answer');
    await eve.look('trouble');
    await devtools.send('Network.setBlockedURLs', { urls: [] });
    await eve.press('Try again');
    await eve.page.waitForSelector('#main h1');

    // What the page has asked before is not what is refused.
    await eve.gone('.waiting');
    await eve.page.waitForNetworkIdle();
    await network.node('origin').api('DELETE', `/tokens/${own.id}`);
    await eventually(
      'the token to be refused',
      async () => (await ask('origin', '/whoami', { by: own.token })).status === 401,
    );
    await eve.page.goto(`${admin}/console/packages?q=x`);
    await eve.sees('expired, or was revoked');
    await eve.page.locator(field('Token')).fill(token);
    await eve.look('sign-in');
    await eve.page.locator(button('Sign in')).click();
    await eve.page.waitForSelector('#main h1');
  },
  60_000,
);
