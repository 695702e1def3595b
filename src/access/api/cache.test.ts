import { expect, test } from 'bun:test';
import { z } from 'zod';
import type { ExplainOrder } from '../../messages/explanation.ts';
import type { PurgeState } from '../../messages/purge-state.ts';
import type { ApiServices } from './endpoint.ts';
import { apiBase, endpoints } from './endpoints.ts';
import { serveApi } from './serve.ts';

const actor = { by: 'user:root', token: null, from: null };

const state: PurgeState = {
  ...{ position: { log: 'a/b', sequence: 7 }, atMs: 1, by: 'user:root', soft: false },
  ...{ selectors: [{ by: 'all' }], selectorCount: 1, nodes: { pop: { applied: true, ms: 3 } } },
  ...{ gone: [], all: true, allMs: 3 },
};

function world() {
  const explained: ExplainOrder[] = [];
  const ordered: unknown[] = [];
  const services: Pick<ApiServices, 'explainer' | 'purges'> = {
    explainer: {
      async explain(order) {
        explained.push(order);
        return { url: order.url ?? '', method: order.method, nodes: [], tookMs: 1 };
      },
    },
    purges: {
      async order(order, by) {
        ordered.push([order, by]);
        return { position: state.position, selectors: [] };
      },
      find: async ({ log, sequence }) => (log === 'a/b' && sequence === 7 ? state : null),
      recent: () => [state, { ...state, position: { log: 'a/b', sequence: 6 } }],
    },
  };
  async function ask(method: string, target: string, body?: unknown) {
    const bytes = new TextEncoder().encode(JSON.stringify(body) ?? '');
    const request = { method, target, body: bytes, actor, nowMs: 0, identity: 'operator' as const };
    return serveApi(endpoints, services as ApiServices, request);
  }
  return { ask, explained, ordered };
}

test('a request is explained by its URL, or by its path at a node', async () => {
  const { ask, explained } = world();
  expect((await ask('POST', '/explain', { url: 'http://a.example/x' })).status).toBe(200);
  expect((await ask('POST', '/explain', { path: '/x', node: 'pop', method: 'HEAD' })).status).toBe(200);
  expect(explained).toMatchObject([
    { url: 'http://a.example/x', method: 'GET', fields: [] },
    { path: '/x', node: 'pop', method: 'HEAD' },
  ]);
  for (const wrong of [
    {},
    { url: 'ftp://a/x' },
    { path: '/x' },
    { url: 'http://a/', path: '/x', node: 'pop' },
  ])
    expect((await ask('POST', '/explain', wrong)).status).toBe(400);
  expect(explained).toHaveLength(2);
});

test('every kind of target is taken, and nothing else', async () => {
  const { ask, ordered } = world();
  const targets = [
    ...[
      { by: 'url', url: 'https://a.example/*' },
      { by: 'key', key: 'docs /x' },
      { by: 'prefix', prefix: 'docs /' },
    ],
    ...[
      { by: 'glob', glob: 'docs *.js' },
      { by: 'tag', tag: 'news' },
      { by: 'tag-glob', glob: 'model:*' },
    ],
    ...[{ by: 'group', route: 'docs', group: 'basket' }, { by: 'route', route: 'docs' }, { by: 'all' }],
  ];
  expect((await ask('POST', '/purges', { targets })).status).toBe(200);
  expect(ordered).toEqual([[{ targets, soft: false }, actor]]);
  for (const wrong of [{ targets: [] }, { targets: [{ by: 'age' }] }, { targets: [{ by: 'key', key: '' }] }])
    expect((await ask('POST', '/purges', wrong)).status).toBe(400);
});

test('one purge is found by its log and sequence, and the list has a bound', async () => {
  const { ask } = world();
  expect((await ask('GET', '/purges/a%2Fb/7')).body).toMatchObject({ by: 'user:root', all: true });
  for (const none of ['/purges/a%2Fb/8', '/purges/a%2Fb/seven'])
    expect((await ask('GET', none)).status).toBe(404);
  expect((await ask('GET', '/purges')).body).toHaveLength(2);
  expect((await ask('GET', '/purges?limit=1')).body).toHaveLength(1);
});

test('the description of the API has all of it', async () => {
  const { ask } = world();
  const described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const { paths } = described.parse((await ask('GET', '/openapi.json')).body);
  const methods = (path: string) => Object.keys(paths[apiBase + path] ?? {});
  expect(methods('/explain')).toEqual(['post']);
  expect(methods('/purges').toSorted()).toEqual(['get', 'post']);
  expect(methods('/purges/{log}/{sequence}')).toEqual(['get']);
  expect([...methods('/hot'), ...methods('/evictions')]).toEqual(['get', 'get']);
  expect(JSON.stringify(paths[`${apiBase}/explain`])).toContain('freshForS');
});
