/**
 * kill -9 of an origin while versions are published, again and again: what a publisher was told is published is there for
 * good, of the rest each version is there as a whole or not at all, and a PoP that was never killed says the same.
 *
 * 25 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { npm } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, noise, startNetwork, type TestNetwork } from '../support/index.ts';
import { pack } from '../support/package.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 25 : 12));
const names = ['@acme/a', '@acme/b', '@acme/c'];

let network: TestNetwork;
let token: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [npm({ upstreams: [], hosted: { scopes: ['@acme'], access: 'public' } })],
  });
  const all = { actions: ['read', 'publish'], routes: ['npm'], subjects: ['@acme/*'] } as const;
  token = (await tokenFor(network.node('origin'), 'ci', [all])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

const tarballOf = (name: string, version: string) =>
  pack({ name, version }, { 'noise.txt': noise(`${name}@${version}`, 40_000) });

async function publish(name: string, version: string): Promise<number> {
  const tarball = tarballOf(name, version);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const attachment = { data: Buffer.from(tarball).toString('base64'), length: tarball.byteLength };
  const body = JSON.stringify({
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { name, version, dist: { integrity } } },
    _attachments: { [`${name}-${version}.tgz`]: attachment },
  });
  const url = `${network.url('near')}/${name.replace('/', '%2f')}`;
  const response = await fetch(url, { method: 'PUT', headers: bearer(token), body });
  await response.text();
  return response.status;
}

const packument = z.object({
  versions: z.record(z.string(), z.unknown()),
  'dist-tags': z.object({ latest: z.string() }),
});

async function versionsAt(pop: string, name: string): Promise<readonly string[]> {
  const response = await fetch(`${network.url(pop)}/${name.replace('/', '%2f')}`);
  if (response.status === 404) return [];
  expect([name, response.status]).toEqual([name, 200]);
  const { versions, 'dist-tags': tags } = packument.parse(await response.json());
  expect(Object.keys(versions)).toContain(tags.latest);
  return Object.keys(versions);
}

async function expectWhole(name: string, version: string): Promise<void> {
  const response = await fetch(
    `${network.url('far')}/${name}/-/${name.slice('@acme/'.length)}-${version}.tgz`,
  );
  const bytes = await response.bytes();
  expect([name, version, response.status]).toEqual([name, version, 200]);
  expect(Buffer.compare(bytes, tarballOf(name, version)), `${name}@${version}`).toBe(0);
}

test(
  `${kills} kills lose nothing that was acknowledged, and leave no half of a version`,
  async () => {
    const acknowledged = new Map(names.map((name) => [name, new Set<string>()]));
    let interrupted = 0;
    for (let round = 1; round <= kills; round++) {
      let isOver = false;
      const load = names.map(async (name) => {
        for (let nth = 0; !isOver; nth++) {
          const version = `${round}.${nth}.0`;
          const status = await publish(name, version);
          if (status === 201) acknowledged.get(name)?.add(version);
          else interrupted++;
        }
      });
      // For two seconds after its start, an origin waits longer for those whom it tells: it does not know yet who there is. Some
      // kills come before that is over, and some after it.
      await Bun.sleep(300 + ((round * 7919) % 2_000));
      await network.node('origin').kill9();
      isOver = true;
      await Promise.all(load);
      await network.node('origin').restart();
      for (const name of names) {
        const told = acknowledged.get(name) ?? new Set();
        await eventually(`the PoPs to say the same of ${name}`, async () => {
          const [near, far] = await Promise.all([versionsAt('near', name), versionsAt('far', name)]);
          return Bun.deepEquals(near, far) && [...told].every((version) => far.includes(version));
        });
        const there = await versionsAt('far', name);
        for (const version of there.filter((each) => each.startsWith(`${round}.`)))
          await expectWhole(name, version);
      }
    }
    for (const [name, versions] of acknowledged)
      for (const version of [...versions].slice(-20)) await expectWhole(name, version);
    expect(interrupted, 'no kill has met a publication').toBeGreaterThan(0);
    expect([...acknowledged.values()].every(({ size }) => size > 0)).toBe(true);
  },
  60_000 + kills * 15_000,
);
