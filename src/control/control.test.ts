import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { controlClient } from './client.ts';
import { type Control, type ControlHandlers, serveControl } from './server.ts';
import { sign } from './signature.ts';

const secret = 'a secret that is long enough for this';
const clock = virtualClock();
const status = {
  name: 'pop-a',
  role: 'pop',
  startedAtMs: 0,
  urls: ['http://127.0.0.1:1'],
  requests: 3,
  hits: 2,
  memory: { entries: 1, bytes: 2, limitBytes: 3, evicted: 4 },
  disk: null,
  fills: 0,
  rssBytes: 5,
  parents: [{ name: 'shield', healthy: true }],
  kv: [{ name: 'near', isDown: false }],
} as const;

const open: Control[] = [];
afterEach(async () => {
  for (const control of open.splice(0)) await control.close();
});

async function serve(handlers: Partial<ControlHandlers> = {}): Promise<string> {
  const control = await serveControl({
    host: '127.0.0.1',
    port: 0,
    secret: () => secret,
    handlers: {
      api: async () => null,
      visit: async () => ({ status: 200, body: {} }),
      metrics: () => ({}),
      explain: () => [],
      status: () => status,
      reload: async () => [],
      purge: async () => ({ purged: [] }),
      drain: () => undefined,
      ...handlers,
    },
    clock,
  });
  open.push(control);
  return control.url;
}

describe('the control API', () => {
  test('tells those who know the secret how the node is', async () => {
    expect(await controlClient(await serve(), secret, clock).status()).toEqual({
      ...status,
      urls: [...status.urls],
      parents: [...status.parents],
      kv: [...status.kv],
    });
  });

  test('reloads, and gives the reasons when that was refused', async () => {
    expect(await controlClient(await serve(), secret, clock).reload()).toEqual({ reasons: [] });
    const refusing = await serve({ reload: async () => ['name: expected a name, found 5'] });
    expect(await controlClient(refusing, secret, clock).reload()).toEqual({
      reasons: ['name: expected a name, found 5'],
    });
  });

  test('purges, and says whose fault it is when it does not', async () => {
    const asked: unknown[] = [];
    const answers = [
      { purged: [] },
      { selectors: [{ by: 'all' }], position: { log: 'a', sequence: 7 } },
      { reasons: ['no such route'], because: 'targets' },
      { reasons: ['the bus is away'], because: 'bus' },
    ];
    const statuses: number[] = [];
    const url = await serve({
      async purge(request) {
        asked.push(request);
        return answers[asked.length - 1]!;
      },
    });
    const body = JSON.stringify({ targets: [{ by: 'all' }] });
    for (const answer of answers) {
      const authorization = sign(secret, 'POST', '/purge', clock.now(), body);
      const given = await fetch(`${url}/purge`, { method: 'POST', headers: { authorization }, body });
      statuses.push(given.status);
      expect(await given.json()).toEqual(answer);
    }
    expect(statuses).toEqual([200, 200, 422, 503]);
    expect(asked[0]).toEqual({ targets: [{ by: 'all' }], soft: false, here: false });
  });

  test('says what is wrong with a purge that it cannot read', async () => {
    const url = await serve({ purge: () => expect.unreachable() });
    for (const [body, reason] of [
      ['{', 'the request: '],
      ['{"targets":[]}', 'targets: '],
      ['{"targets":[{"by":"tag"}]}', 'targets.0'],
      ['{"targets":[{"by":"all"}],"waitMs":0}', 'waitMs: '],
    ] as const) {
      const authorization = sign(secret, 'POST', '/purge', clock.now(), body);
      const answer = await fetch(`${url}/purge`, { method: 'POST', headers: { authorization }, body });
      expect(answer.status).toBe(422);
      const { reasons, because } = (await answer.json()) as { reasons: string[]; because: string };
      expect(because).toBe('targets');
      expect(reasons[0]).toStartWith(reason);
    }
  });

  test('begins to drain', async () => {
    let told = 0;
    await controlClient(await serve({ drain: () => void told++ }), secret, clock).drain();
    expect(told).toBe(1);
  });

  test('tells others nothing and does nothing for them', async () => {
    const url = await serve({ drain: () => expect.unreachable() });
    for (const [method, path] of [
      ['GET', '/status'],
      ['POST', '/drain'],
      ['GET', '/'],
      ['POST', '/nowhere'],
    ]) {
      const answer = await fetch(url + path, { method: method! });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain('pop-a');
    }
    await expect(controlClient(url, `${secret}!`, clock).status()).rejects.toThrow(
      'runs with another secret',
    );
  });

  test('does not do by GET what changes something, and knows no other path', async () => {
    const url = await serve({ drain: () => expect.unreachable() });
    for (const [method, path] of [
      ['GET', '/drain'],
      ['GET', '/status?x=1'],
      ['GET', '/other'],
    ] as const) {
      const answer = await fetch(url + path, {
        method,
        headers: { authorization: sign(secret, method, path, clock.now()) },
      });
      expect(answer.status).toBe(404);
    }
  });

  test('is reached without the proxy that a variable names', async () => {
    const url = await serve();
    process.env.http_proxy = 'http://127.0.0.1:9';
    try {
      expect((await controlClient(url, secret, clock).status()).name).toBe('pop-a');
    } finally {
      delete process.env.http_proxy;
    }
  });

  test('that says something else is not believed', async () => {
    const url = await serve({ status: () => ({ name: 'pop-a' }) });
    await expect(controlClient(url, secret, clock).status()).rejects.toThrow();
  });
});
