/** A PoP that is started with another number of workers goes on with what is on its disk, and leaves nothing there for nobody. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import {
  eventually,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

let upstream: Upstream;
let network: TestNetwork;
const paths = Array.from({ length: 40 }, (_, at) => `/object/${at}`);

function sketch(workers: number) {
  const pop = { role: 'pop', parents: ['origin'], workers } as const;
  const origin = { role: 'origin', disk: false, memory: { bytes: '64 KiB', objectBytes: '1 KiB' } } as const;
  return { nodes: { origin, pop }, routes: [web({ upstream: upstream.url })] };
}

const bodyOf = (path: string) => `${path} `.repeat(1_000);

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': 'max-age=600' },
    body: bodyOf(path),
  }));
  network = await startNetwork(sketch(1));
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Asks for everything, and gives how much of it came from the upstream. */
async function fetched(): Promise<number> {
  const count = () => paths.reduce((sum, path) => sum + upstream.count(path), 0);
  const before = count();
  for (const path of paths) {
    const response = await fetch(network.url('pop') + path, { keepalive: false });
    expect(await response.text()).toBe(bodyOf(path));
  }
  return count() - before;
}

async function restartWith(workers: number): Promise<void> {
  const pop = network.node('pop');
  await pop.stop();
  network.rewrite(sketch(workers));
  await pop.restart();
}

const cacheFolder = () => join(network.dir, 'data', 'pop', 'cache');
const numbered = () => readdirSync(cacheFolder()).filter((name) => !Number.isNaN(Number(name)));

test('a worker more or less costs no more than what it owns', async () => {
  expect(await fetched()).toBe(paths.length);
  await restartWith(3);
  const missed = await fetched();
  // A third of the keys is still the first worker's.
  expect(missed).toBeGreaterThan(0);
  expect(missed).toBeLessThan(paths.length);
  expect(numbered().toSorted()).toEqual(['1', '2', '3']);
  expect(existsSync(join(cacheFolder(), 'index.db'))).toBe(false);

  await restartWith(2);
  await eventually('what nobody owns to be deleted', () => readdirSync(cacheFolder()).length === 2);
  expect(numbered().toSorted()).toEqual(['1', '2']);
  expect(await fetched()).toBeLessThan(paths.length);

  await restartWith(1);
  // All that two have kept was never one's: the first one's part is there.
  expect(await fetched()).toBeLessThan(paths.length);
  await eventually('what nobody owns to be deleted', () => numbered().length === 0);
  expect(existsSync(join(cacheFolder(), 'index.db'))).toBe(true);
}, 60_000);

test('status shows how many serve', async () => {
  const workersShown = async () => {
    const { stdout } = await runMeridian(['status', '--config', network.configFile], { cwd: network.dir });
    const [heading = '', ...rows] = stdout.split('\n');
    const at = heading.indexOf('workers');
    return rows.flatMap((row) => (row.startsWith('pop ') ? [row.slice(at).split(' ')[0]] : []));
  };
  expect(await workersShown()).toEqual(['1']);
  await restartWith(2);
  expect(await workersShown()).toEqual(['2']);
}, 60_000);
