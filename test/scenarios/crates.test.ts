/** Crates on the wire: what is wrong with them is told, and kept nowhere. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cargo } from '../../src/index.ts';
import { tokenFor } from '../support/access.ts';
import { type CrateRegistry, crateFile, says, startCrateRegistry } from '../support/crate-registry.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';

let upstream: CrateRegistry;
let network: TestNetwork;
let token: string;

beforeAll(async () => {
  upstream = await startCrateRegistry();
  upstream.add('forged', '1.0.0', says('false'), { cksum: '0'.repeat(64) });
  // A name that lives here, by somebody else.
  upstream.add('corp-secret', '9.9.9', says('stolen'));
  const upstreams = [{ url: upstream.url }];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [
      cargo({
        ...{ upstreams, maxIndexBytes: '64 KiB' },
        hosted: { names: ['corp-*', 'pub-*'], public: ['pub-*'] },
      }),
      cargo({ name: 'plain', match: { path: '/plain' }, upstreams }),
      cargo({ name: 'closed', match: { path: '/closed' }, access: 'closed', upstreams }),
    ],
  });
  const actions = ['read', 'publish', 'delete'] as const;
  const right = { actions, routes: ['cargo'], subjects: ['corp-*', 'pub-*'] };
  ({ token } = await tokenFor(network.node('origin'), 'alice', [
    right,
    { actions: ['read'], routes: ['closed'], subjects: ['*'] },
  ]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
});

const base = (pop = 'near', route = 'cargo') => `${network.url(pop)}/${route}`;
const get = async (
  path: string,
  { pop = 'near', route = 'cargo', ...init }: RequestInit & { pop?: string; route?: string } = {},
) => {
  const response = await fetch(`${base(pop, route)}/${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const shown = () => ({ headers: { authorization: token } });

describe('a registry of crates', () => {
  test('says where it is, as whoever asks reaches it', async () => {
    for (const pop of ['near', 'far']) {
      const itself = { dl: `${base(pop)}/api/v1/crates`, api: base(pop) };
      // Of crates that not everybody may read, cargo has to show its token with every request.
      expect(JSON.parse((await get('config.json', { pop })).text)).toEqual({
        ...itself,
        'auth-required': true,
      });
    }
    expect((await get('config.json', { route: 'plain' })).text).not.toContain('auth-required');
    expect(JSON.parse((await get('config.json', { route: 'closed', ...shown() })).text)).toHaveProperty(
      'auth-required',
      true,
    );
  });

  test('never asks anybody else about what lives here', async () => {
    upstream.forget();
    for (const path of [
      'co/rp/corp-nothing',
      'api/v1/crates/corp-secret/9.9.9/download',
      'CO/RP/Corp-Nothing',
    ]) {
      expect([path, (await get(path, shown())).status]).toEqual([path, 404]);
      expect([path, (await get(path)).status]).toEqual([path, 401]);
    }
    expect(upstream.count()).toBe(0);
  });

  test('gives out no crate that is not what its index promises', async () => {
    for (let times = 0; times < 2; times++) {
      const response = await get('api/v1/crates/forged/1.0.0/download').catch(() => ({ status: 0 }));
      expect(response.status).not.toBe(200);
    }
    upstream.replace('/wr/on/wrong', '<html></html>');
    upstream.replace(
      '/mi/xe/mixed',
      `${JSON.stringify({ name: 'other', vers: '1.0.0', cksum: '0'.repeat(64), deps: [] })}\n`,
    );
    upstream.replace(
      '/hu/ge/huge',
      `${JSON.stringify({ name: 'huge', vers: '1.0.0', more: 'x'.repeat(70_000) })}\n`,
    );
    for (const path of ['wr/on/wrong', 'mi/xe/mixed', 'hu/ge/huge'])
      expect([path, (await get(path)).status]).toEqual([path, 502]);
  });

  test('asks nobody for what no crate is called', async () => {
    upstream.forget();
    for (const path of [
      'se/rd/%2e%2e',
      '3/n/nul',
      'api/v1/crates/a%2fb/1.0.0/download',
      'api/v1/crates/serde/x/download',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 400]);
    }
    expect((await get('xx/yy/serde')).status).toBe(404);
    expect(upstream.count()).toBe(0);
  });

  const frame = (json: unknown, file: Uint8Array, announced = file.length) => {
    const text = Buffer.from(JSON.stringify(json));
    const lengths = [Buffer.alloc(4), Buffer.alloc(4)] as const;
    lengths[0].writeUInt32LE(text.length);
    lengths[1].writeUInt32LE(announced);
    return Buffer.concat([lengths[0], text, lengths[1], file]);
  };
  const put = async (body: Buffer, headers: Record<string, string> = shown().headers) => {
    const { status, text } = await get('api/v1/crates/new', {
      method: 'PUT',
      body: new Uint8Array(body),
      headers,
    });
    return { status, detail: String(JSON.parse(text).errors?.[0]?.detail) };
  };

  test('takes in no publication that is broken, or somebody else’s', async () => {
    const said = { name: 'pub-bad', vers: '1.0.0', deps: [], features: {} };
    const file = crateFile('pub-bad', '1.0.0', says('x'));
    const wrong: readonly (readonly [number, string, Buffer])[] = [
      [400, 'before the crate file begins', Buffer.from('x')],
      [400, 'no name of a crate', frame({ ...said, name: '../x' }, file)],
      [400, 'no version', frame({ ...said, vers: 'x' }, file)],
      [400, 'is not below pub-bad-1.0.1', frame({ ...said, vers: '1.0.1' }, file)],
      [400, 'no gzip', frame(said, Buffer.from('no archive'))],
      [400, 'not whole', frame(said, file.subarray(0, -9))],
      [400, 'More comes', frame(said, file, 10)],
      [400, 'is not below', frame(said, crateFile('pub-bad', '1.0.0', { '../../x': '' }))],
      [400, 'in case alone', frame(said, crateFile('pub-bad', '1.0.0', { 'a.rs': '', 'A.rs': '' }))],
      [403, 'right to publish', frame({ ...said, name: 'serde' }, crateFile('serde', '1.0.0', {}))],
    ];
    for (const [status, words, body] of wrong) {
      expect([words, await put(body)]).toEqual([words, { status, detail: expect.stringContaining(words) }]);
    }
    expect((await put(frame(said, file), {})).status).toBe(401);
    expect((await get('pu/b-/pub-bad')).status).toBe(404);
    expect((await put(frame(said, file))).status).toBe(200);
    const twice = await put(frame(said, file));
    expect([twice.status, twice.detail]).toEqual([400, expect.stringContaining('has been published')]);
    const alike = await put(frame({ ...said, name: 'pub-Bad_' }, crateFile('pub-Bad_', '1.0.0', {})));
    expect(alike.status).toBe(200);
    const same = await put(frame({ ...said, name: 'pub-bad-' }, crateFile('pub-bad-', '1.0.0', {})));
    expect([same.status, same.detail]).toEqual([400, expect.stringContaining('at a glance')]);
  });
});
