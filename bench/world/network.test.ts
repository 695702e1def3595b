/** A small world of real processes: the only part of the suites `world` and `tiers` that runs with all other tests. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { readAccessLog } from '../../test/support/access-log.ts';
import { eventually } from '../../test/support/wait.ts';
import { makeCertificate } from '../certificate.ts';
import { openScratch } from '../scratch.ts';
import { startUpstream } from '../upstream.ts';
import { openWorld, type World } from './network.ts';
import { startTraffic } from './traffic.ts';

const scratch = openScratch();
let world: World;

beforeAll(async () => {
  const cores = { server: [0, 1], load: [0, 1] };
  const objects = await startUpstream(scratch, cores.load);
  const folder = scratch.directory('places');
  world = await openWorld({
    ...{ scratch, cores, certificate: await makeCertificate(scratch.directory('certificate')) },
    places: {
      ...{ data: folder, secret: 'x'.repeat(64), upstreamPort: objects.port, wheels: folder, image: folder },
      file: (name) => join(folder, name),
    },
    wanted: {
      ...{ roundTripsMs: [2, 4, 6], megabits: [1000, 200, 200], slowStart: true },
      ...{ trafficPerSecond: 50, isShieldWarm: false },
    },
    upstreams: { packages: objects.url, objects: objects.url },
  });
  await world.begin({ predicts: false, keeps: 'nothing', keepsShield: false });
}, 60_000);

afterAll(() => scratch.clear(), 30_000);

const status = async (path: string) => {
  const response = await fetch(`${world.url}/web/objects/1000/${path}`);
  await response.arrayBuffer();
  return response.headers.get('cache-status') ?? '';
};
const hits = (text: string) => text.split(', ').map((member) => /;\s*hit\b/.test(member));

test('the tiers are asked through each other, and what a PoP has forgotten its shield has', async () => {
  expect(hits(await status('one'))).toEqual([false, false, false]);
  expect(hits(await status('one')).at(-1)).toBe(true);
  await world.begin({ predicts: true, keeps: 'nothing', keepsShield: true });
  expect(hits(await status('one')).slice(-2)).toEqual([true, false]);
}, 60_000);

test('the traffic beside an install comes from another client, and is counted by what becomes of it', async () => {
  const traffic = startTraffic(scratch, [0, 1], `${world.beside}/web`, 100);
  const others = () => readAccessLog(world.logs.pop).filter(({ client }) => client === '127.0.0.2');
  await eventually('some of it has been answered', () => others().length > 20);
  const { hits: known, misses, failed } = await traffic.stop();
  expect([known.length > 0, misses.length > 0, failed]).toEqual([true, true, 0]);
}, 60_000);
