import { expect, test } from 'bun:test';
import { npm, web } from './define.ts';
import { forNode } from './for-node.ts';
import { parseNetwork } from './network.ts';
import { redact } from './redact.ts';

const parsed = parseNetwork(
  {
    secret: 'a secret that is long enough for this',
    kv: {
      near: { url: 'redis://127.0.0.1:3', password: 'hunter4' },
      far: { url: 'redis://127.0.0.1:4', password: 'hunter5' },
    },
    nodes: {
      origin: { role: 'origin', listen: [{ port: 1 }] },
      pop: { role: 'pop', listen: [{ port: 2 }], parents: ['origin'], near: 'near' },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [
          { url: 'http://a.example', authorization: 'Bearer hunter2' },
          { url: 'http://b.example' },
        ],
      }),
      web({ upstream: 'http://c.example', authorization: 'Basic hunter3' }),
    ],
  },
  { configDir: '/w', env: {}, overrides: {} },
);
if (!parsed.ok) throw new Error('the network of this test is wrong');
const { network } = parsed;

test('an origin knows everything that it needs, other nodes everything but the upstream credentials', () => {
  expect(forNode(network, 'origin')).toEqual({ ...network, kv: {} });
  const text = JSON.stringify(forNode(network, 'pop'));
  expect(text).not.toMatch(/hunter[235]/);
  expect(text).toContain('http://a.example');
  expect(text).toContain(network.secret);
});

test('a node logs in to the key/value stores that it uses alone', () => {
  expect(Object.keys(forNode(network, 'pop').kv)).toEqual(['near']);
});

test('a network that is shown has no credentials', () => {
  const text = JSON.stringify(redact(network));
  expect(text).not.toContain('hunter');
  expect(text).not.toContain(network.secret);
  expect(redact(network).routes[1]).toMatchObject({
    web: { upstream: 'http://c.example', authorization: '…' },
  });
});
