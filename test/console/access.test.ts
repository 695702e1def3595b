/** The console's Access page: what is done there is done in the network. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, type Visitor, visit } from '../support/console.ts';
import {
  eventually,
  freePorts,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';

let upstream: Upstream;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startUpstream(() => ({ body: 'for members' }));
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'], admin: { port } } },
    routes: [web({ name: 'docs', upstream: upstream.url, access: 'closed' })],
  });
  chromium = await launchBrowser();
}, 30_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

const api = (target: string) => network.node('origin').api('GET', target);
const statusFor = async (token: string) =>
  (await fetch(`${network.url('pop')}/guide`, { headers: bearer(token) })).status;

describe.skipIf(!canRun)('somebody who administers the network', () => {
  let visitor: Visitor;
  let token = '';

  beforeAll(async () => {
    visitor = await visit(chromium.browser, admin, await administrator(network));
  });
  afterAll(async () => {
    expect(visitor.complaints).toEqual([]);
    await visitor[Symbol.asyncDispose]();
  });

  test('adds users, and puts them into a team', async () => {
    await visitor.open('access', 'Access');
    for (const [name, email] of [
      ['alice', 'alice@acme.example'],
      ['bob', ''],
    ] as const) {
      await visitor.press('Add a user');
      await visitor.fill('Name', name);
      if (email !== '') await visitor.fill('Email (optional)', email);
      await visitor.press('Add');
      await visitor.gone('dialog');
    }
    await visitor.sees('alice@acme.example');
    expect(await api('/users')).toMatchObject([
      ...[{ name: 'ada' }, { name: 'admin' }],
      ...[{ name: 'alice', email: 'alice@acme.example' }, { name: 'bob' }],
    ]);
    await visitor.look('access-users');

    await visitor.open('access/teams', 'Access');
    await visitor.press('Add a team');
    await visitor.fill('Name', 'core');
    await visitor.press('Add');
    await visitor.gone('dialog');
    await visitor.press('Add a member to core');
    await visitor.fill('User', 'alice');
    await visitor.press('Add');
    await visitor.gone('dialog');
    await visitor.press('Add a member to core');
    await visitor.fill('User', 'bob');
    await visitor.press('Add');
    await visitor.gone('dialog');
    expect(await api('/teams')).toMatchObject([{ name: 'core', members: ['alice', 'bob'] }]);
    await visitor.press('Take bob out of core');
    await visitor.press('Take out');
    await visitor.gone('dialog');
    expect(await api('/teams')).toMatchObject([{ name: 'core', members: ['alice'] }]);
    await visitor.look('access-teams');
  });

  test('gives the team a right, which is said in words before it is given', async () => {
    await visitor.open('access/grants', 'Access');
    await visitor.press('Give a right');
    await visitor.fill('To', 'team:core');
    await visitor.fill('Routes', 'docs');
    await visitor.sees('The team core may read everything on the route docs.');
    await visitor.look('access-grant-dialog');
    await visitor.press('Give it');
    await visitor.gone('dialog');
    await visitor.sees('may read everything on the route docs');
    expect(await api('/grants?to=team:core')).toMatchObject([
      { actions: ['read'], routes: ['docs'], subjects: ['*'], by: 'user:ada' },
    ]);
    await visitor.look('access-grants');
  });

  test('makes a token, which is shown once and works; revoked, it works nowhere', async () => {
    await visitor.open('access/tokens?owner=user:alice', 'Access');
    await visitor.press('Make a token');
    await visitor.fill('Label', 'laptop');
    await visitor.press('Make it');
    await visitor.sees('shown this once');
    token = String(await visitor.page.$eval('.secret code', ({ textContent }) => textContent));
    await visitor.look('access-token-shown');
    await visitor.press('I have it');
    await visitor.gone('dialog');
    expect(await statusFor(token)).toBe(200);
    await visitor.sees('laptop');
    await visitor.look('access-tokens');

    await visitor.press('Revoke laptop');
    await visitor.sees('gets 401 at every node');
    await visitor.press('Revoke');
    await visitor.sees('laptop is revoked');
    await eventually('the token to be refused', async () => (await statusFor(token)) === 401);
  });

  test('finds in the audit log what was done, and what was denied', async () => {
    await network.node('origin').api('PUT', '/users/bob', { disabled: true });
    await visitor.open('access/audit', 'Access');
    await visitor.sees('token.revoke');
    await visitor.look('access-audit');
    await visitor.fill('Who', 'operator');
    await visitor.sees('user.disable');
    expect(await visitor.page.$eval('main', ({ textContent }) => textContent)).not.toContain('team.create');
    expect(visitor.page.url()).toContain('by=operator');
  });

  test('removes a user once it is said what that means; Escape leaves him, and the focus where it was', async () => {
    await visitor.open('access/users?find=bob', 'Access');
    await visitor.press('Remove bob');
    await visitor.sees('cannot be taken back');
    await visitor.page.keyboard.press('Escape');
    await visitor.gone('dialog');
    const focused = await visitor.page.evaluate('document.activeElement.getAttribute("aria-label")');
    expect(focused).toBe('Remove bob');
    await visitor.press('Remove bob');
    await visitor.page.locator('dialog summary').click();
    await visitor.sees('meridian user remove bob');
    await visitor.press('Remove');
    await visitor.sees('No user is like “bob”');
    expect(z.array(z.object({ name: z.string() })).parse(await api('/users'))).not.toContainEqual(
      expect.objectContaining({ name: 'bob' }),
    );
  });
});

test.skipIf(!canRun)('somebody with a token and no more sees his own, and revokes one', async () => {
  const origin = network.node('origin');
  const { token } = await tokenFor(origin, 'carol', []);
  const other = z
    .object({ id: z.string(), token: z.string() })
    .parse(await origin.api('POST', '/tokens', { owner: 'user:carol', label: 'old laptop' }));
  await using visitor = await visit(chromium.browser, admin, token);
  await visitor.open('access', 'Access');
  await visitor.sees('for those who administer the network');
  const before = visitor.complaints.length;
  await visitor.look('access-own');
  await visitor.press('Revoke old laptop');
  await visitor.press('Revoke');
  await visitor.sees('old laptop is revoked');
  await eventually('the token to be refused', async () => (await statusFor(other.token)) === 401);
  // Nobody else's, whatever its id is.
  const ada = z.array(z.object({ id: z.string() })).parse(await origin.api('GET', '/tokens?owner=user:ada'));
  const answer = await fetch(`${network.url('pop')}/.meridian/v1/own/tokens/${ada[0]?.id}`, {
    method: 'DELETE',
    headers: bearer(token),
  });
  expect(answer.status).toBe(404);
  expect(visitor.complaints.slice(before)).toEqual([]);
});
