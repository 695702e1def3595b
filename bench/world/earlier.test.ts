import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askEarlier, type Earlier, earlierOf } from './earlier.ts';

const asked = { route: 'npm', method: 'GET', status: 200, userAgent: 'npm/11.6.1 node/v24.9.0 linux x64' };

test('what was asked for on a route is found in the log, from a line on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-earlier-'));
  const log = join(folder, 'access.log');
  const all = [
    { ...asked, target: '/npm/before' },
    { ...asked, target: '/npm/left' },
    { ...asked, target: '/npm/not-there', status: 404 },
    { ...asked, target: '/npm/-/npm/v1/security/advisories/bulk', method: 'POST' },
    { ...asked, target: '/web/other', route: 'web' },
  ];
  writeFileSync(log, all.map((each) => `${JSON.stringify(each)}\n`).join(''));
  expect(earlierOf(log, 1, 'npm')).toEqual([
    { route: 'npm', target: '/npm/left', userAgent: asked.userAgent },
  ]);
  expect(earlierOf(log, 0, 'oci')).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('it is asked for on the route that is like it, by another client; what fails is told', async () => {
  const heard: string[] = [];
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch({ url, headers }) {
      const { pathname } = new URL(url);
      heard.push(`${pathname} ${headers.get('user-agent')}`);
      return new Response('', { status: pathname.endsWith('gone') ? 502 : 200 });
    },
  });
  const near = `http://127.0.0.1:${server.port}`;
  const one = (name: string): Earlier => ({ route: 'npm', target: `/npm/${name}`, userAgent: 'npm/11' });
  await askEarlier(near, [one('left'), one('@acme%2fright')]);
  expect(heard.sort()).toEqual([
    '/earlier/npm/@acme%2fright npm/11 earlier',
    '/earlier/npm/left npm/11 earlier',
  ]);
  await expect(askEarlier(near, [one('gone')])).rejects.toThrow('was answered with 502');
});
