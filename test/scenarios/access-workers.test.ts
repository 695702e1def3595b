/**
 * Who may have what, where a node has several workers: one answers from its memory what a client has asked another for, and then
 * decides by the client's own token.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ target }) => ({
    headers: { 'cache-control': 'public, max-age=600' },
    body: `body of ${target}`,
  }));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      // Without copies, so that one has to ask the other each time.
      pop: { role: 'pop', parents: ['origin'], workers: 2, hot: false },
    },
    routes: [web({ name: 'private', access: 'closed', upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

/** Over a connection of its own, which the system gives to either worker. */
async function ask(headers: Record<string, string> = {}) {
  const answer = await fetch(`${network.url('pop')}/a`, { headers, keepalive: false });
  return { status: answer.status, text: await answer.text() };
}

async function framed(): Promise<number> {
  const { ring } = await network.node('pop').status();
  return (ring as { framed: number }).framed;
}

test('what one worker has in memory, it gives over frames to those alone who may read it', async () => {
  const origin = network.node('origin');
  const { token } = await tokenFor(origin, 'alice', [
    { actions: ['read'], routes: ['private'], subjects: ['*'] },
  ]);
  const { token: without } = await tokenFor(origin, 'bob', []);
  await eventually('both workers to know the token, and one to ask the other', async () => {
    expect(await ask(bearer(token))).toMatchObject({ status: 200, text: 'body of /a' });
    return (await framed()) > 3;
  });
  const before = await framed();
  for (let at = 0; at < 20; at++) {
    for (const [status, headers] of [
      [401, {}],
      [401, bearer('mrd_wrong')],
      [403, bearer(without)],
    ] as const) {
      const refused = await ask(headers);
      expect(refused.status).toBe(status);
      expect(refused.text).not.toContain('body of');
    }
  }
  expect(await framed()).toBe(before);
  await eventually('it to be given over frames again', async () => {
    expect((await ask(bearer(token))).status).toBe(200);
    return (await framed()) > before;
  });
}, 30_000);
