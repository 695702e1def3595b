/**
 * Collections, and rules of retention, while images are pushed, mounted, deleted and pushed again, with no time of grace at all: what
 * somebody was told is there can be pulled, byte for byte, until he deletes it; and what is deleted is gone in the end.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeAudit } from '../../src/access/register/audit.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { MeridianError } from '../../src/errors.ts';
import { collect } from '../../src/origin/collection/collect.ts';
import { openUsage } from '../../src/origin/usage/usage.ts';
import type { HostedOptions } from '../../src/protocols/oci/hosted/claims.ts';
import { alice, closeHomes, homeWith, type TestHome } from '../../src/protocols/oci/hosted/home.contract.ts';
import { type Engines, openEngines } from '../faults/engines.ts';
import { temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type PostgresServer, postgresProblem, startPostgres } from '../support/postgres.ts';
import { type S3Server, startS3 } from '../support/s3.ts';
import { faultOf, openPusher, type Pusher } from './image-pushers.ts';

const day = 24 * 3600_000;
const names = ['acme/a', 'acme/b', 'acme/c'];
/** Times that no config allows; still, a push has to come to its end within them, now and then. */
const hostedFor = (keepUnneededS: number): Partial<HostedOptions> => ({
  ...{ maxBlobBytes: 2 ** 24, keepUnneededS },
  retention: [
    {
      ...{ repositories: ['acme/*'], tags: ['pr-*'], exceptTags: [], keepTags: ['v*'] },
      ...{ keep: 2, untaggedS: keepUnneededS },
    },
  ],
});

function homeOf({ blobs, metadata }: Engines, keepUnneededS: number): TestHome {
  const usage = openUsage({ storeBytes: () => undefined, inWords: String, warn: () => {} });
  return homeWith({ blobs, metadata, usage, audit: writeAudit }, hostedFor(keepUnneededS));
}

interface Collected {
  retired: number;
  expired: number;
  deleted: number;
}

/** What housekeeping does, and a little more: two origins may be at the rules at the same time. */
async function tidy(home: TestHome, by: string, sums: Collected): Promise<void> {
  const { stores } = home;
  const { signal } = new AbortController();
  const count = (what: string, more = 1) => {
    if (what === 'retired') sums.retired += more;
    if (what.startsWith('expired')) sums.expired += more;
  };
  await home.protocol.retire?.({ stores, count, signal });
  try {
    // Every blob counts as old.
    const how = { clock, by, graceMs: -day, dryRun: false, progress: () => {}, signal };
    sums.deleted += (await collect({ stores, ...how })).deleted;
  } catch (error) {
    // The other origin is at it.
    if (!(error instanceof MeridianError && error.code === 'conflict')) throw error;
  }
}

/** Chance that is the same each time, but for who is faster. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function pushAndCollect(homes: readonly TestHome[], steps: number): Promise<void> {
  const home = (nth: number): TestHome => {
    const found = homes[nth % homes.length];
    if (found === undefined) throw new Error('there is one');
    return found;
  };
  const pushers = names.map((name, at) => openPusher(home(at), name, names, chance(at + 1)));
  const sums: Collected = { retired: 0, expired: 0, deleted: 0 };
  let isOver = false;
  const tidying = homes.map(async (each, at) => {
    while (!isOver) await tidy(each, `origin ${at}`, sums);
  });
  const pulling = homes.map(async (each, at) => {
    const pick = chance(100 + at);
    while (!isOver) {
      await pullOne(each, pushers[pick(pushers.length)], pick);
      await Bun.sleep(1);
    }
  });
  const pushing = pushers.map(async (pusher) => {
    for (let nth = 0; nth < steps; nth++) await pusher.step(nth);
  });
  const pushed = Promise.all(pushing).finally(() => {
    isOver = true;
  });
  // Also when one of them fails: the stores are closed after all of them.
  const ended = await Promise.allSettled([pushed, ...tidying, ...pulling]);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  for (const { there, passing } of pushers)
    for (const image of [...there.values(), ...passing.slice(-2)])
      expect(await faultOf(home(1), image)).toBeNull();
  expect(sums.retired, 'no blob was let go of').toBeGreaterThan(0);
  expect(sums.expired, 'no rule has taken anything away').toBeGreaterThan(0);
  expect(sums.deleted, 'nothing was collected').toBeGreaterThan(0);
  await emptyAll(homes);
}

/** Something that is there now; if it is being deleted meanwhile, that is no fault. */
async function pullOne(
  home: TestHome,
  pusher: Pusher | undefined,
  pick: (below: number) => number,
): Promise<void> {
  const all = [...(pusher?.there.values() ?? [])];
  const image = all[pick(all.length)];
  if (image === undefined) return;
  const fault = await faultOf(home, image);
  if (fault !== null && pusher?.there.get(image.tag) === image) throw new Error(fault);
}

/** Deletes everything: then no byte may be left, nor anything that counts some. */
async function emptyAll(homes: readonly TestHome[]): Promise<void> {
  const [home] = homes;
  if (home === undefined) throw new Error('there is one');
  const { metadata, blobs } = home.stores;
  for (let round = 0; round < 3; round++)
    for (const { key } of await metadata.scan(['oci-manifest', 'oci'])) {
      const [, , name = '', digest = ''] = key;
      await home.as(alice, 'DELETE', `${name}/manifests/${digest}`);
    }
  for (let round = 0; round < 3; round++) {
    await Bun.sleep(600); // longer than what nobody needs is kept
    await tidy(home, 'origin 0', { retired: 0, expired: 0, deleted: 0 });
  }
  for (const kind of ['oci-manifest', 'oci-tag', 'oci-tagged', 'oci-need', 'oci-blob', 'oci-left', 'blob'])
    expect([kind, await metadata.scan([kind])]).toEqual([kind, []]);
  expect(await blobs.list(null, 10)).toEqual([]);
  for (const { value } of await metadata.scan(['usage-package', 'oci', 'hosted']))
    expect(value).toMatchObject({ versions: 0, bytes: 0 });
}

test('with files and SQLite, nothing that was acknowledged is lost, and nothing that was deleted is left', async () => {
  using folder = temporary('images');
  const engines = await openEngines({ folder: folder.path });
  try {
    await pushAndCollect([homeOf(engines, 0.05)], 40);
  } finally {
    await closeHomes();
    await engines.close();
  }
}, 120_000);

describe.skipIf(!available('PostgreSQL', postgresProblem))('with a bucket and PostgreSQL', () => {
  const folder = temporary('images');
  let postgres: PostgresServer;
  let s3: S3Server;
  const origins: Engines[] = [];

  beforeAll(async () => {
    [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
    const { url, password } = postgres;
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
    for (const name of ['one', 'other']) {
      const bucketOf = { endpoint, bucket, accessKeyId, secretAccessKey };
      const place = { folder: `${folder.path}/${name}`, s3: bucketOf, postgres: { url, password } };
      origins.push(await openEngines(place));
    }
  }, 60_000);

  afterAll(async () => {
    for (const origin of origins) await origin.close();
    await Promise.all([postgres?.stop(), s3?.stop()]);
    folder[Symbol.dispose]();
  }, 30_000);

  test('two origins push and collect at once, and lose nothing, either', async () => {
    await pushAndCollect(
      origins.map((origin) => homeOf(origin, 0.5)),
      15,
    );
  }, 240_000);
});
