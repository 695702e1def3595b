/**
 * kill -9 of an origin, of the PoP that is pushed through, and of both, while images are pushed, mounted, moved and deleted, again and
 * again: what a client was told holds for good, of the rest each image is there as a whole or not at all, and a PoP that was never
 * killed says the same. In the end, nothing of what broke off lies about.
 *
 * 16 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, startNetwork, type TestNetwork } from '../support/index.ts';
import { runMeridian } from '../support/process.ts';
import { Pusher } from '../support/pusher.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 16 : 6));
const names = ['acme/a', 'acme/b', 'acme/c'];
/** Whose turn it is to be killed. */
const victims = [['origin'], ['near'], ['origin'], ['origin', 'near']] as const;

let network: TestNetwork;
let pushers: readonly Pusher[];

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [oci({ hosted: { names: ['acme/*'], public: ['*'] } })],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['acme/*'] } as const;
  const { token } = await tokenFor(network.node('origin'), 'ci', [all]);
  const send = (method: string, target: string, { headers, ...sent }: RequestInit = {}) =>
    fetch(new URL(target, network.url('near')), {
      ...{ ...sent, method },
      headers: { ...bearer(token), ...Object.fromEntries(new Headers(headers)) },
    });
  pushers = names.map((name) => new Pusher(name, `${name}-mounts`, send));
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

const tagList = z.object({ tags: z.array(z.string()) });

async function tagsAt(pop: string, name: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (let target: string | undefined = `/v2/${name}/tags/list`; target !== undefined; ) {
    const response: Response = await fetch(new URL(target, network.url(pop)));
    if (response.status === 404) return all;
    expect([name, response.status]).toEqual([name, 200]);
    all.push(...tagList.parse(await response.json()).tags);
    target = /<([^>]+)>/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return all;
}

const get = (path: string) => fetch(new URL(`/v2/${path}`, network.url('far')));

/** As `far` has it, which asks the origin for what it has not been asked for yet. */
async function expectBytes(path: string, expected: Uint8Array): Promise<void> {
  const response = await get(path);
  const got = await response.bytes();
  expect([path, response.status]).toEqual([path, 200]);
  expect(Buffer.compare(got, expected), path).toBe(0);
}

async function expectHeld(pusher: Pusher, tags: Iterable<string>): Promise<void> {
  for (const tag of tags) {
    const possible = pusher.possible(tag);
    const response = await get(`${pusher.name}/manifests/${tag}`);
    const bytes = await response.bytes();
    if (response.status === 404) {
      expect([tag, possible.includes(null)]).toEqual([tag, true]);
      continue;
    }
    expect([pusher.name, tag, response.status]).toEqual([pusher.name, tag, 200]);
    const image = possible.find((each) => each !== null && Buffer.compare(each.bytes, bytes) === 0) ?? null;
    expect([tag, image === null ? 'is something else' : 'is right']).toEqual([tag, 'is right']);
    for (const { digest, content } of image?.blobs ?? [])
      await expectBytes(`${pusher.name}/blobs/${digest}`, content);
  }
}

async function expectSameEverywhere(pusher: Pusher): Promise<void> {
  const { name } = pusher;
  await eventually(`the PoPs to say the same of ${name}`, async () => {
    const [near, far] = await Promise.all([tagsAt('near', name), tagsAt('far', name)]);
    return Bun.deepEquals(near, far) && pusher.agrees(far);
  });
}

/** All that was ever told, asked of the origin anew: `far` has forgotten what it had. */
async function expectAllHeld(): Promise<void> {
  await network.node('far').stop();
  rmSync(join(network.dir, 'data', 'far', 'cache'), { recursive: true });
  await network.node('far').restart();
  for (const pusher of pushers) {
    await expectHeld(pusher, pusher.tags().slice(-150));
    for (const { name, digest, content } of pusher.told().slice(-150))
      await expectBytes(`${name}/blobs/${digest}`, content);
  }
}

/** Makes all files below a folder two days old. */
function age(folder: string): void {
  const past = new Date(Date.now() - 48 * 3_600_000);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path).isFile()) utimesSync(path, past, past);
  }
}

test(
  `${kills} kills lose nothing that was acknowledged, and leave no half of an image`,
  async () => {
    for (let round = 1; round <= kills; round++) {
      let isOver = false;
      for (const pusher of pushers) pusher.begin(round);
      const load = Promise.all(pushers.map((pusher) => pusher.pushUntil(() => isOver)));
      load.catch(() => {}); // it is told where it is waited for
      // For two seconds after its start, an origin waits longer for those whom it tells: some kills come after that is over.
      await Bun.sleep((round % 3 === 2 ? 2_200 : 300) + ((round * 7919) % 500));
      const killed = victims[round % victims.length] ?? [];
      await Promise.all(killed.map((name) => network.node(name).kill9()));
      isOver = true;
      await load;
      await Promise.all(killed.map((name) => network.node(name).restart()));
      for (const pusher of pushers) {
        await expectSameEverywhere(pusher);
        await expectHeld(pusher, pusher.touched());
        for (const { name, digest, content } of pusher.toldNow())
          await expectBytes(`${name}/blobs/${digest}`, content);
      }
    }
    await expectAllHeld();
    const done = pushers.map(({ counts }) => counts);
    expect(done.some(({ interrupted }) => interrupted > 0)).toBe(true);
    for (const what of ['pushed', 'moved', 'mounted', 'deleted'] as const)
      expect([what, done.some((each) => each[what] > 0)]).toEqual([what, true]);
  },
  60_000 + kills * 15_000,
);

test('what broke off is gone when its time is over, and nothing else is', async () => {
  const store = join(network.dir, 'data', 'origin', 'blobs');
  await network.node('origin').kill9();
  age(store);
  await network.node('origin').restart();
  await eventually('what broke off to be gone', () =>
    ['uploads', 'drafts'].every((folder) => readdirSync(join(store, folder)).length === 0),
  );
  expect(existsSync(join(store, 'blobs'))).toBe(true);
  const status = () =>
    network
      .node('origin')
      .status()
      .catch(() => null); // not yet
  await eventually('the origin to be found by commands', status);
  const gc = await runMeridian(['gc', '--config', network.configFile], { cwd: network.dir });
  expect([gc.code, gc.stderr]).toEqual([0, '']);
  await expectAllHeld();
}, 120_000);
