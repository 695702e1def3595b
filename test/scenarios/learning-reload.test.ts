/** Whether a PoP learns what follows what may change while it runs. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cargo } from '../../src/index.ts';
import { type CrateRegistry, says, startCrateRegistry } from '../support/crate-registry.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import type { Sketch } from '../support/network.ts';
import { runMeridian } from '../support/process.ts';
import { eventually } from '../support/wait.ts';

let upstream: CrateRegistry;
let network: TestNetwork;

const sketch = (learn: boolean): Sketch => ({
  nodes: {
    origin: { role: 'origin' },
    pop: { role: 'pop', parents: ['origin'], disk: false, predict: { learn } },
  },
  routes: [cargo({ upstreams: [{ url: upstream.url }] })],
});

beforeAll(async () => {
  upstream = await startCrateRegistry();
  for (const name of ['alder', 'birch']) upstream.add(name, '1.0.0', says(name));
  network = await startNetwork(sketch(false));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

async function ask(name: string, fields: Record<string, string> = {}): Promise<number> {
  const path = `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
  // Of which nothing is foreseen but what was learned.
  const headers = { 'user-agent': `fetcher/1.0 ${crypto.randomUUID()}`, ...fields };
  const answer = await fetch(`${network.url('pop')}/cargo/${path}`, { headers });
  await answer.bytes();
  return answer.status;
}

async function reload(learn: boolean): Promise<void> {
  network.rewrite(sketch(learn));
  const args = ['reload', '--config', network.configFile];
  expect(await runMeridian(args, { cwd: network.dir })).toMatchObject({ code: 0 });
}

const learned = async () => (await network.node('pop').status()).predict?.learned ?? null;

test('it learns from the reload on that says so, and goes on from there when it says so again', async () => {
  const file = join(network.dir, 'data', 'pop', 'predict', 'learned');
  await ask('alder');
  expect(await learned()).toBeNull();

  await reload(true);
  await eventually('the PoP to learn', async () => (await learned()) !== null);
  const same = { 'user-agent': 'fetcher/1.0' };
  for (const name of ['alder', 'birch']) expect(await ask(name, same)).toBe(200);

  await reload(false);
  await eventually('what was learned to be written down', () => existsSync(file));
  expect(await learned()).toBeNull();

  await reload(true);
  await eventually('the PoP to know it again', async () => ((await learned())?.names ?? 0) >= 2);
}, 30_000);
