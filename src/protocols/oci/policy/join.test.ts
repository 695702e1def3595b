/** The policy together with what lives here: whatever takes a signature away, and what pages say is blocked. */
import { afterEach, describe, expect, spyOn, test } from 'bun:test';
import { exchange as exchangeOf } from '../../../../test/support/builders.ts';
import { type VirtualClock, virtualClock } from '../../../../test/support/clock.ts';
import { openSigner, simpleSigned } from '../../../../test/support/cosign.ts';
import type { Held } from '../../../catalogue.ts';
import type { Catalogue, Lent } from '../../../protocol.ts';
import type { HostedOptions } from '../hosted/claims.ts';
import {
  alice,
  bytesOf,
  closeHomes,
  imageType,
  openTestHome,
  pushedImage,
  type TestHome,
} from '../hosted/home.contract.ts';
import type { PolicyOptions } from './options.ts';

afterEach(closeHomes);

const hour = 3_600_000;
const release = openSigner('release');
const nothing: PolicyOptions = { blocked: [], allowed: [], age: [], signatures: [] };
/** What was found is believed for days, so that only what is told can change it. */
const signed: PolicyOptions = {
  ...nothing,
  signatures: [{ images: ['open/*'], keys: [release], needed: 1, exempt: [], recheckS: 1_000_000 }],
};
const nothingHeld: Held = { async *all() {}, sizeBytes: () => null, etag: () => null };

async function world(policy: PolicyOptions, more: Partial<HostedOptions> = {}) {
  const clock = virtualClock();
  return { clock, home: await openTestHome(more, clock, policy) };
}

async function status(home: TestHome, path: string): Promise<number> {
  return (await home.as(alice, 'GET', path)).status;
}

/** As cosign does. @returns the tag of the signature. */
async function sign(home: TestHome, name: string, digest: string): Promise<string> {
  const { blobs, manifest, tag } = simpleSigned({ digest }, release);
  for (const body of blobs) {
    const at = `sha256:${new Bun.CryptoHasher('sha256').update(body).digest('hex')}`;
    expect((await home.as(alice, 'POST', `${name}/blobs/uploads/?digest=${at}`, { body })).status).toBe(201);
  }
  const sent = { body: manifest, headers: { 'content-type': imageType } };
  expect((await home.as(alice, 'PUT', `${name}/manifests/${tag}`, sent)).status).toBe(201);
  return tag ?? '';
}

function lent(home: TestHome): Lent {
  const exchange = { ...exchangeOf({ target: '/' }), identity: alice, tier: null, client: () => '192.0.2.1' };
  const signal = AbortSignal.timeout(10_000);
  const named = { as: 'pass', kind: 'catalogue', why: 'bypass', ask: [] } as const;
  const ask = { exchange, named, stored: null, background: false, reload: false, signal };
  return { ask, origin: home.door, reader: { mayRead: () => true }, held: nothingHeld };
}

function catalogueOf({ protocol: { catalogue } }: TestHome): Required<Catalogue> {
  if (!catalogue?.versions || !catalogue.artifact || !catalogue.remove) throw new Error('it has none');
  const { versions, artifact, remove } = catalogue;
  return { ...catalogue, versions, artifact, remove };
}

async function retain({ home }: { readonly home: TestHome; readonly clock: VirtualClock }): Promise<void> {
  await home.protocol.retain?.({
    ...{ stores: home.stores, dryRun: false, purge: home.door.purge },
    ...{ count: () => {}, note: () => {}, signal: new AbortController().signal },
  });
}

describe('an image whose signature is taken away', () => {
  async function signedImage(more: Partial<HostedOptions> = {}) {
    const at = await world(signed, more);
    const digest = await pushedImage(at.home, 'open/app', 'v1', 'layer');
    expect(await status(at.home, 'open/app/manifests/v1')).toBe(403);
    const tag = await sign(at.home, 'open/app', digest);
    expect(await status(at.home, 'open/app/manifests/v1')).toBe(200);
    return { ...at, digest, tag };
  }
  const told = { by: 'prefix', prefix: 'oci tag/open/app:' } as const;

  test('by a client is refused, and what nodes keep of it is purged', async () => {
    const { home, tag } = await signedImage();
    expect((await home.as(alice, 'DELETE', `open/app/manifests/${tag}`)).status).toBe(202);
    expect(home.purged).toContainEqual(told);
    expect(await status(home, 'open/app/manifests/v1')).toBe(403);
  });

  test('at the console or by a command is refused just so', async () => {
    const { home, tag } = await signedImage();
    await catalogueOf(home).remove('open/app', tag, lent(home));
    expect(home.purged).toContainEqual(told);
    expect(await status(home, 'open/app/manifests/v1')).toBe(403);
  });

  test('with all of its repository is refused when it is back', async () => {
    const { home } = await signedImage();
    await catalogueOf(home).remove('open/app', null, lent(home));
    await pushedImage(home, 'open/app', 'v1', 'layer');
    expect(await status(home, 'open/app/manifests/v1')).toBe(403);
  });

  test('by a rule of retention, with the image, is refused when it is back', async () => {
    const all = { repositories: ['*'], tags: ['v1'], exceptTags: [], keepTags: [] };
    const at = await signedImage({ retention: [{ ...all, olderThanS: 3600 }] });
    at.clock.advance(2 * hour);
    await retain(at);
    // The image has gone, and its signature stays for a while: whoever pushes it again has it signed.
    await pushedImage(at.home, 'open/app', 'v1', 'layer');
    expect(await status(at.home, 'open/app/manifests/v1')).toBe(200);
    at.clock.advance(2 * hour);
    await retain(at);
    at.clock.advance(2 * hour);
    await retain(at);
    at.home.purged.length = 0;
    await pushedImage(at.home, 'open/app', 'v1', 'layer');
    expect(await status(at.home, `open/app/manifests/${at.tag}`)).toBe(404);
    expect(await status(at.home, 'open/app/manifests/v1')).toBe(403);
  });

  test('at one origin is refused at another one, too', async () => {
    const { home, tag } = await signedImage();
    const other = home.again();
    expect(await status(other, 'open/app/manifests/v1')).toBe(200);
    expect((await home.as(alice, 'DELETE', `open/app/manifests/${tag}`)).status).toBe(202);
    expect(await status(other, 'open/app/manifests/v1')).toBe(403);
  });

  test('is refused also when nodes could not be told, and whoever deletes it hears of that', async () => {
    const { home, tag } = await signedImage();
    home.bus = 'down';
    const deletion = home.as(alice, 'DELETE', `open/app/manifests/${tag}`);
    await expect(deletion).rejects.toMatchObject({ code: 'bus-unreachable' });
    expect(await status(home, 'open/app/manifests/v1')).toBe(403);
  });
});

test('a rule of retention leaves the signature of what stays', async () => {
  const all = { repositories: ['*'], tags: ['*'], exceptTags: [], keepTags: ['v1'] };
  const at = await world(signed, { retention: [{ ...all, olderThanS: 3600, untaggedS: 3600 }] });
  const digest = await pushedImage(at.home, 'open/app', 'v1', 'layer');
  const tag = await sign(at.home, 'open/app', digest);
  at.clock.advance(100 * hour);
  await retain(at);
  expect(await status(at.home, `open/app/manifests/${tag}`)).toBe(200);
  expect(await status(at.home, 'open/app/manifests/v1')).toBe(200);
});

describe('a page says what is blocked', () => {
  test('of tags by their names and what they are made of, and of one version by every rule', async () => {
    const policy = { ...signed, blocked: ['open/app:<2', 'closed/*'] };
    const { home } = await world(policy);
    await pushedImage(home, 'open/app', 'v1', 'one');
    const digest = await pushedImage(home, 'open/app', 'v2', 'two');
    await pushedImage(home, 'closed/app', 'v1', 'three');
    const catalogue = catalogueOf(home);
    const blockedIn = async () => {
      const { versions = [], blocked = null } = (await catalogue.describe('open/app', lent(home))) ?? {};
      expect(blocked).toBeNull();
      return Object.fromEntries(versions.map(({ version, blocked }) => [version, blocked]));
    };
    const old = { rules: ['blocked'], why: 'is blocked (open/app:<2)', untilMs: null };
    expect(await blockedIn()).toEqual({ v1: old, v2: null });
    const whole = await catalogue.describe('closed/app', lent(home));
    expect(whole?.blocked?.why).toBe('is blocked (closed/*)');
    expect(whole?.versions[0]?.blocked).toEqual(whole?.blocked ?? null);
    const page = await catalogue.versions('open/app', { limit: 10, after: null }, lent(home));
    expect(page?.versions.filter(({ blocked }) => blocked !== null).map(({ version }) => version)).toEqual([
      'v1',
    ]);

    const one = async (version: string) =>
      (await catalogue.artifact('open/app', version, lent(home)))?.blocked;
    expect((await one('v1'))?.rules).toEqual(['blocked', 'signatures']);
    expect(await one('v2')).toMatchObject({ rules: ['signatures'] });
    await sign(home, 'open/app', digest);
    expect(await one('v2')).toBeNull();
    expect(await one(digest)).toBeNull();
  });

  test('of a thousand tags without looking for one signature', async () => {
    const { home } = await world(signed);
    const digest = await pushedImage(home, 'open/app', 'first', 'layer');
    await home.stores.metadata.transact(async (transaction) => {
      for (let number = 0; number < 1000; number++) {
        const tag = { digest, movedMs: number, by: 'ci' };
        await transaction.put(['oci-tag', 'oci', 'open/app', `t${number}`], tag);
      }
    });
    const read = spyOn(home.stores.metadata, 'get');
    const lookedFor = () => read.mock.calls.filter(([key]) => key.at(-1)?.endsWith('.sig')).length;
    const page = await catalogueOf(home).describe('open/app', lent(home));
    expect([page?.versions.length, lookedFor()]).toEqual([1000, 0]);
    expect((await catalogueOf(home).artifact('open/app', 't1', lent(home)))?.blocked).not.toBeNull();
    expect(lookedFor()).toBeGreaterThan(0);
  });

  test('where a layer is blocked, once somebody has asked for the image', async () => {
    const layer = `sha256:${new Bun.CryptoHasher('sha256').update(bytesOf('bad')).digest('hex')}`;
    const { home } = await world({ ...nothing, blocked: [layer] });
    const pushed = await pushedImage(home, 'open/app', 'v1', 'bad');
    const { blocked } = (await catalogueOf(home).artifact('open/app', 'v1', lent(home))) ?? {};
    expect(blocked?.why).toBe(`is made of something that is blocked (${layer})`);
    expect(await status(home, `open/app/manifests/${pushed}`)).toBe(403);
    const page = await catalogueOf(home).describe('open/app', lent(home));
    expect(page?.versions[0]?.blocked).toEqual(blocked ?? null);
  });
});
