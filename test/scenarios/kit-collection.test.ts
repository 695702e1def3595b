/**
 * Collections for which every blob is old enough run while files are published, replaced and taken away, with each pair of engines: nothing that was
 * acknowledged is lost, what was let go is gone in the end, and the sums are right.
 */
import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { writeAudit } from '../../src/access/register/audit.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { collect } from '../../src/origin/collection/collect.ts';
import { openUsage } from '../../src/origin/usage/usage.ts';
import { findFile } from '../../src/protocols/registry/hosted/find.ts';
import {
  alice,
  bytesOf,
  homeWith,
  published,
  textOf,
} from '../../src/protocols/registry/hosted/home.contract.ts';
import { hostingOf } from '../../src/protocols/registry/hosted/hosting.ts';
import { remove } from '../../src/protocols/registry/hosted/remove.ts';
import { serveFile } from '../../src/protocols/registry/hosted/serve.ts';
import { type Engines, openEngines, type Place } from '../faults/engines.ts';
import { temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { postgresProblem, startPostgres } from '../support/postgres.ts';
import { startS3 } from '../support/s3.ts';

const weight = z.object({ versions: z.number(), bytes: z.number() });
const day = 24 * 3600_000;
const names = ['one', 'two', 'three'];
/** Publications of each at least; more until they have met a collection. */
const rounds = 15;
const mostRounds = 150;

/** What a file of this name holds when it is published for the nth time: replacements, and the bytes of others. */
const textAt = (name: string, nth: number) => `${nth % 5 === 4 ? 'shared' : name} ${nth}`;
const fileAt = (nth: number) => `thing-1.0.${nth % 6}.tgz`;

async function collideIn(origins: readonly Engines[]): Promise<void> {
  const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
  const homes = origins.map((engines) => homeWith({ ...engines, usage, audit: writeAudit }));
  const [first] = homes;
  if (!first) throw new Error('there is one at least');
  /** By package and file. */
  const there = new Map<string, string>();
  let isOver = false;
  let deleted = 0;

  const collected = async ({ blobs, metadata }: Engines) => {
    const { signal } = new AbortController();
    // Every blob counts as old: the worst that a collection can do.
    const how = { clock, by: 'one', graceMs: -day, dryRun: false, progress: () => {}, signal };
    return (await collect({ stores: { blobs, metadata }, ...how })).deleted;
  };
  async function collector(engines: Engines): Promise<void> {
    while (!isOver) deleted += await collected(engines);
  }

  async function publisher(name: string, home: (typeof homes)[number]): Promise<void> {
    for (let nth = 0; nth < rounds || (deleted === 0 && nth < mostRounds); nth++) {
      const [file, text] = [fileAt(nth), textAt(name, nth)];
      const version = `1.0.${nth % 6}`;
      // The same bytes as litter, so that they are condemned while they are published.
      await home.stores.blobs.write(bytesOf(text));
      await Bun.sleep((nth % 10) * 5);
      if (nth % 7 === 6) {
        const removal = { name, version, file, leavesNothing: true };
        if (there.has(`${name} ${file}`)) await remove(home.as(alice), removal);
        there.delete(`${name} ${file}`);
        continue;
      }
      await published(home, { name, version, onExisting: 'replace', files: { [file]: text } });
      there.set(`${name} ${file}`, text);
    }
  }

  const collecting = origins.map(collector);
  await Promise.all(names.map((name, nth) => publisher(name, homes[nth % homes.length] ?? first)));
  isOver = true;
  await Promise.all(collecting);
  expect(deleted, 'the collection has met no publication').toBeGreaterThan(0);
  for (const engines of origins.slice(0, 1)) await collected(engines);

  for (const [key, text] of there) {
    const [name = '', file = ''] = key.split(' ');
    for (const home of homes) {
      const at = home.as(alice);
      const found = await findFile(at, name, file);
      expect([key, found === null]).toEqual([key, false]);
      if (found !== null) expect(await textOf(await serveFile(found, 'text/plain', at))).toBe(text);
    }
  }
  await expectRight(first, there);
}

/** Blobs and totals are those of what is there, and nothing more. */
async function expectRight(
  home: ReturnType<typeof homeWith>,
  there: ReadonlyMap<string, string>,
): Promise<void> {
  const { blobs, metadata } = home.stores;
  const { holdings } = hostingOf(home.registry);
  let sum = { versions: 0, bytes: 0 };
  for await (const name of holdings.names(metadata, 'hosted')) {
    const { versions, bytes } = await holdings.weigh(metadata, 'hosted', name);
    sum = { versions: sum.versions + versions, bytes: sum.bytes + bytes };
  }
  const bytes = [...there.values()].reduce((total, text) => total + text.length, 0);
  expect(sum).toEqual({ versions: there.size, bytes });
  const totals = (await metadata.scan(['usage-route', 'packages', 'hosted'])).map(({ value }) =>
    weight.parse(value),
  );
  const total = (what: 'versions' | 'bytes') => totals.reduce((all, each) => all + each[what], 0);
  expect({ versions: total('versions'), bytes: total('bytes') }).toEqual(sum);
  expect((await blobs.list(null, 1_000)).length).toBe(new Set(there.values()).size);
}

test('files and SQLite', async () => {
  using folder = temporary('kit-collection');
  const engines = await openEngines({ folder: folder.path });
  await collideIn([engines]);
  await engines.close();
}, 60_000);

describe.skipIf(!available('PostgreSQL', postgresProblem))('of two origins', () => {
  test('a bucket and PostgreSQL', async () => {
    using folder = temporary('kit-collection');
    const [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
    const { url, password } = postgres;
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
    const places: Place[] = ['one', 'other'].map((name) => ({
      folder: `${folder.path}/${name}`,
      s3: { endpoint, bucket, accessKeyId, secretAccessKey },
      postgres: { url, password },
    }));
    const origins: Engines[] = [];
    try {
      for (const place of places) origins.push(await openEngines(place));
      await collideIn(origins);
    } finally {
      for (const origin of origins) await origin.close();
      await Promise.all([postgres.stop(), s3.stop()]);
    }
  }, 120_000);
});
