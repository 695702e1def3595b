/**
 * Whom a network trusts with what: tiers answer nodes of their own network only, upstream credentials go to their
 * upstream only, and nothing secret is in any answer or log.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, web } from '../../src/index.ts';
import { signTier } from '../../src/node/tier.ts';
import {
  type Registry,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

/** What the registry asks for, and only the origin knows. */
const credential = 'Bearer upstream-credential-0123456789';
/** What a client has, for whatever reason. */
const clientToken = 'client-token-0123456789';
let registry: Registry;
let echo: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  registry = await startRegistry({ authorization: credential });
  registry.publish('alpha', '1.0.0');
  echo = await startUpstream(({ target, headers }) => ({
    headers: { 'cache-control': 'public, max-age=600' },
    body: JSON.stringify({ target, headers: Object.fromEntries(headers) }),
  }));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url, authorization: credential }] }),
      web({ upstream: echo.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
  await echo?.off();
}, 30_000);

describe('only nodes of the network are answered by a shield and an origin', () => {
  const claim = { node: 'pop', route: 'web', background: false };
  const fiveMinutesMs = 5 * 60 * 1000;
  const fields: readonly [what: string, field: () => Record<string, string>][] = [
    ['no claim', () => ({})],
    ['a claim without a signature', () => ({ 'meridian-tier': `pop web ${Date.now()} f` })],
    [
      'a claim signed with another secret',
      () => tier('not-the-secret-of-this-network-0000', '/x', Date.now()),
    ],
    ['a claim for another target', () => tier(network.secret, '/y', Date.now())],
    [
      'a claim replayed after five minutes',
      () => tier(network.secret, '/x', Date.now() - fiveMinutesMs - 5_000),
    ],
    ['a claim from the future', () => tier(network.secret, '/x', Date.now() + fiveMinutesMs + 5_000)],
  ];

  function tier(secret: string, target: string, nowMs: number): Record<string, string> {
    return { 'meridian-tier': signTier(secret, claim, 'GET', target, nowMs) };
  }

  for (const node of ['shield', 'origin']) {
    for (const [what, field] of fields) {
      test(`${node}: ${what} is refused with 403`, async () => {
        const response = await fetch(`${network.url(node)}/x`, { headers: field() });
        expect(response.status).toBe(403);
      });
    }
  }

  test('a claim at a PoP means nothing', async () => {
    const response = await fetch(`${network.url('pop')}/claimed`, {
      headers: { 'meridian-tier': 'origin npm 0 f forged' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain('forged');
  });
});

test('a request that has passed the node before is a loop: 508', async () => {
  const loop = 'other.example, pop.meridian.meridian';
  const response = await fetch(`${network.url('pop')}/loop`, { headers: { 'cdn-loop': loop } });
  expect(response.status).toBe(508);
});

test('a token that a client sends goes to no registry, and is in no log', async () => {
  const headers = { authorization: `Bearer ${clientToken}` };
  const response = await fetch(`${network.url('pop')}/npm/alpha?token=${clientToken}`, { headers });
  expect(response.status).toBe(200);
  const asked = JSON.stringify(registry.requests().map(({ target, headers }) => [target, [...headers]]));
  expect(asked).not.toContain(clientToken);
  expect(await logs()).not.toContain(clientToken);
});

test('neither the secret of the network nor a credential is in any answer, and in no log', async () => {
  for (const path of ['/npm/alpha', '/npm/alpha/-/alpha-1.0.0.tgz', '/npm/nothing', '/echo', '/npm/-/ping']) {
    const response = await fetch(network.url('pop') + path);
    const all = `${JSON.stringify([...response.headers])} ${await response.text()}`;
    expect(all).not.toContain(network.secret);
    expect(all).not.toContain('upstream-credential');
    expect(all.toLowerCase()).not.toContain('meridian-tier');
  }
  expect(await logs()).not.toContain(network.secret);
  expect(await logs()).not.toContain('upstream-credential');
});

/** Everything that all nodes have written so far. */
async function logs(): Promise<string> {
  await network.during(async () => {}); // Lets the logs be written.
  const folder = join(network.dir, 'logs');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
