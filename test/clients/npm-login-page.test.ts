/** The page of a PoP on which somebody logs in for a client that waits. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { npm } from '../../src/index.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { form } from './logins.ts';

const password = 'correct horse battery';
let network: TestNetwork;

beforeAll(async () => {
  network = await startNetwork({
    access: { signup: true },
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
    },
    routes: [npm({ match: { path: '/npm' }, upstreams: [] })],
  });
  await network.node('origin').api('POST', '/users', { name: 'alice', password });
}, 60_000);

afterAll(async () => {
  await network?.stop();
});

const base = () => `${network.url('near')}/npm`;
const begun = z.object({ loginUrl: z.string(), doneUrl: z.string() });
const begin = async () => begun.parse(await (await fetch(`${base()}/-/v1/login`, { method: 'POST' })).json());
const statusAndText = async (response: Response) => [response.status, await response.text()] as const;

describe('the page on which one logs in', () => {
  test('runs nothing, is framed by nobody, and kept by no cache', async () => {
    const { loginUrl } = await begin();
    for (let time = 0; time < 2; time++) {
      const page = await fetch(loginUrl);
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('cache-status')).not.toContain('hit');
      const policy = page.headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(await page.text()).toContain('127.0.0.1');
    }
  });

  test('asks again after a wrong password, and shows what it was given as text', async () => {
    const { loginUrl, doneUrl } = await begin();
    const [status, text] = await statusAndText(
      await fetch(loginUrl, form({ user: '"><script>', password: 'x', act: 'login' })),
    );
    expect(status).toBe(403);
    expect(text).toContain('Wrong user name or password');
    expect(text).not.toContain('<script');
    expect((await fetch(doneUrl)).status).toBe(202);
  });

  test('takes no form from another site', async () => {
    const { loginUrl } = await begin();
    const right = form({ user: 'alice', password, act: 'login' });
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect((await fetch(loginUrl, { ...right, headers: { ...headers } })).status).toBe(403);
  });

  test('is good once, and so is what it leads to', async () => {
    const { loginUrl, doneUrl } = await begin();
    const waiting = await fetch(doneUrl);
    expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([202, '1']);
    const right = form({ user: 'alice', password, act: 'login' });
    expect((await fetch(loginUrl, right)).status).toBe(200);
    expect((await fetch(loginUrl, right)).status).toBe(404);
    const taken = await fetch(doneUrl);
    expect([taken.status, taken.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await taken.text()).toContain('mrd_');
    expect((await fetch(doneUrl)).status).toBe(404);
  });

  test('does not tell the name by which the token is taken', async () => {
    const { loginUrl } = await begin();
    const session = new URL(loginUrl).searchParams.get('session');
    expect((await fetch(`${base()}/-/v1/done?session=${session}`)).status).toBe(404);
    expect((await fetch(`${base()}/-/v1/login?session=made-up.name`)).status).toBe(404);
  });

  test('makes a user of somebody who wants it, where the config says so', async () => {
    const { loginUrl, doneUrl } = await begin();
    expect(await (await fetch(loginUrl)).text()).toContain('Become a user');
    const wanted = { user: 'newcomer', password, act: 'create' };
    expect((await fetch(loginUrl, form({ ...wanted, password: 'short' }))).status).toBe(400);
    expect((await fetch(loginUrl, form({ ...wanted, user: 'alice', password: 'another one' }))).status).toBe(
      403,
    );
    expect((await fetch(loginUrl, form(wanted))).status).toBe(200);
    expect((await fetch(doneUrl)).status).toBe(200);
    expect(await network.node('origin').api('GET', '/users')).toContainEqual(
      expect.objectContaining({ name: 'newcomer' }),
    );
  });
});
