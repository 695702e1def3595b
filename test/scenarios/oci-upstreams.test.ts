/**
 * Upstream registries of all manners, through a PoP and an origin: with tokens that run out, blobs elsewhere, wrong passwords, limits, old
 * ones, broken ones, slow ones.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { random } from '../support/image.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { digestOf, type OciRegistry, partOf, startOciRegistry } from '../support/oci-registry.ts';

let registry: OciRegistry;
/** Gives whatever token the registry takes, to who has the password. */
let tokens: Upstream;
let store: Upstream;
let network: TestNetwork;
const stored = new Map<string, Uint8Array>();
const password = `Basic ${btoa('meridian:right')}`;

beforeAll(async () => {
  registry = await startOciRegistry();
  tokens = await startUpstream(({ headers }) =>
    headers.get('authorization') === password
      ? { body: JSON.stringify({ token: registry.manners.token?.value, expires_in: 300 }) }
      : { status: 401 },
  );
  store = await startUpstream((request) => {
    const bytes = stored.get(request.path.slice(1));
    // As an address that is signed for GET.
    if (request.method === 'HEAD') return { status: 403 };
    return bytes === undefined ? { status: 404 } : partOf(bytes, request);
  });
  const { url } = registry;
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      oci({
        sources: [
          { name: 'plain.example', url },
          { name: 'right.example', url, username: 'meridian', password: 'right' },
          { name: 'wrong.example', url, username: 'meridian', password: 'wrong' },
          { name: 'within.example', url, prefix: 'project' },
        ],
        metadata: { freshS: '1s' },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  for (const each of [registry, tokens, store]) await each?.off();
}, 30_000);

beforeEach(() => {
  Object.assign(registry.manners, {
    noHead: false,
    noDigest: false,
    token: null,
    blobsAt: null,
    answers: null,
  });
  registry.fault(null);
  for (const each of [registry, tokens, store]) each.forget();
});

const get = (path: string, init?: RequestInit) => fetch(`${network.url('pop')}/v2/${path}`, init);
const bytesAt = async (path: string, init?: RequestInit) => (await get(path, init)).bytes();
const errorAt = async (path: string) => {
  const answer = await get(path);
  const body = (await answer.json()) as { errors: { code: string; message: string }[] };
  return { status: answer.status, ...body.errors[0] };
};

describe('tokens', () => {
  beforeEach(() => {
    registry.manners.token = { realm: `${tokens.url}/token`, value: crypto.randomUUID() };
  });

  test('are asked for with the password, once for all who wait, and shown to the registry alone', async () => {
    const layers = Array.from({ length: 5 }, () => random(1000));
    for (const bytes of layers) stored.set(registry.blob(bytes), bytes);
    registry.manners.blobsAt = store.url;
    const got = await Promise.all(
      layers.map((bytes) => bytesAt(`right.example/app/blobs/${digestOf(bytes)}`)),
    );
    expect(got).toEqual(layers);
    expect(tokens.requests().map(({ target, headers }) => [target, headers.get('authorization')])).toEqual([
      [`/token?service=test&scope=${encodeURIComponent('repository:app:pull')}`, password],
    ]);
    expect(store.requests().map(({ headers }) => headers.get('authorization'))).toEqual(
      layers.map(() => null),
    );
  });

  test('that the registry takes no more are renewed', async () => {
    const [first, second] = [random(1000), random(1000)];
    registry.blob(first);
    registry.blob(second);
    expect(await bytesAt(`right.example/renew/blobs/${digestOf(first)}`)).toEqual(first);
    registry.manners.token = { realm: `${tokens.url}/token`, value: crypto.randomUUID() };
    expect(await bytesAt(`right.example/renew/blobs/${digestOf(second)}`)).toEqual(second);
    expect(tokens.count()).toBe(2);
  });

  test('are not begged for with a wrong password, which whoever runs the network is told of', async () => {
    const images = ['a', 'b', 'c'].map((tag) => registry.image('app', tag, [random(10)]) && tag);
    for (const tag of images) {
      const error = await errorAt(`wrong.example/app/manifests/${tag}`);
      expect(error).toMatchObject({ status: 502, code: 'UNKNOWN' });
      expect(error.message).toContain('check the `username` and `password`');
    }
    expect(tokens.count()).toBe(1);
  });

  test('that nobody gets without a password make an image unknown', async () => {
    registry.image('app', 'secret', [random(10)]);
    const error = await errorAt('plain.example/app/manifests/secret');
    expect(error).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' });
  });
});

test('a blob whose place elsewhere takes no HEAD has its size all the same', async () => {
  const bytes = random(5000);
  const digest = registry.blob(bytes);
  stored.set(digest, bytes);
  registry.manners.blobsAt = store.url;
  const head = await get(`plain.example/elsewhere/blobs/${digest}`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '5000']);
  expect(store.requests().at(-1)?.headers.get('range')).toBe('bytes=0-0');
});

test('a source may begin all of its names with words of its own', async () => {
  const { digest } = registry.image('project/team/app', 'v1', [random(10)]);
  const answer = await get('within.example/team/app/manifests/v1');
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  expect(answer.headers.get('oci-namespace')).toBe('within.example');
});

test('what refers to an image comes as one list, however many pages the registry makes of it', async () => {
  const { digest } = registry.image('signed/app', 'v1', [random(10)]);
  const referrer = (size: number) => ({ digest: digestOf(random(10)), size });
  const pages = [[referrer(1), referrer(2)], [referrer(3)], [referrer(4)]];
  registry.referrers('signed/app', digest, pages);
  const answer = await get(`plain.example/signed/app/referrers/${digest}`);
  expect(await answer.json()).toMatchObject({ schemaVersion: 2, manifests: pages.flat() });
});

describe('an old registry', () => {
  test('that knows no HEAD and says no digest is understood', async () => {
    Object.assign(registry.manners, { noHead: true, noDigest: true });
    const { digest } = registry.image('old/app', 'v1', [random(10)]);
    const answer = await get('plain.example/old/app/manifests/v1');
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
    expect(digestOf(await answer.bytes())).toBe(digest);
  });

  test('without the API for referrers has them under the tag that clients use then', async () => {
    const { digest } = registry.image('old/signatures', 'v1', [random(10)]);
    const type = 'application/vnd.oci.image.index.v1+json';
    const referrer = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(random(10)),
      size: 10,
    };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [referrer] });
    registry.manifest('old/signatures', digest.replace(':', '-'), new TextEncoder().encode(index), type);
    const answer = await get(`plain.example/old/signatures/referrers/${digest}`);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(await answer.json()).toMatchObject({ manifests: [referrer] });
  });

  test('may have manifests that carry their signatures, whose digest is of what is signed', async () => {
    const payload = '{\n   "schemaVersion": 1,\n   "name": "old/signed"\n}';
    const open = payload.slice(0, -2);
    const head = { formatLength: open.length, formatTail: Buffer.from('\n}').toString('base64url') };
    const signatures = [
      { protected: Buffer.from(JSON.stringify(head)).toString('base64url'), signature: 'x' },
    ];
    const text = `${open},\n   "signatures": ${JSON.stringify(signatures)}\n}`;
    const bytes = new TextEncoder().encode(text);
    const digest = digestOf(new TextEncoder().encode(payload));
    registry.signed('old/signed', 'v1', bytes, digest);
    for (const reference of ['v1', digest]) {
      const answer = await get(`plain.example/old/signed/manifests/${reference}`);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
      expect(await answer.text()).toBe(text);
    }
  });
});

test('a tag that is gone at the upstream is gone here when its time is over', async () => {
  registry.image('gone/app', 'v1', [random(10)]);
  expect((await get('plain.example/gone/app/manifests/v1')).status).toBe(200);
  registry.untag('gone/app', 'v1');
  await eventually(
    'the tag to be gone',
    async () => (await get('plain.example/gone/app/manifests/v1')).status === 404,
  );
});

test('what was fetched ahead of a pull is asked for once, whoever comes', async () => {
  const layers = [random(200_000), random(300_000), random(1000)];
  const image = registry.image('ahead/app', 'v1', layers);
  await bytesAt('plain.example/ahead/app/manifests/v1');
  const all = [image.config, ...image.layers];
  await eventually('config and layers to be fetched', () =>
    all.every((digest) => registry.fetched(digest) === 1),
  );
  const got = await Promise.all(
    image.layers.map((digest) => bytesAt(`plain.example/ahead/app/blobs/${digest}`)),
  );
  expect(got).toEqual(layers);
  expect(all.map((digest) => registry.fetched(digest))).toEqual(all.map(() => 1));
});

test('a cold layer is fetched once for a crowd, and everybody gets all of it', async () => {
  const layer = random(8_000_000);
  const digest = registry.blob(layer);
  const got = await Promise.all(
    Array.from({ length: 50 }, () => bytesAt(`plain.example/crowd/blobs/${digest}`)),
  );
  expect(got.every((bytes) => digestOf(bytes) === digest)).toBe(true);
  expect(registry.fetched(digest)).toBe(1);
});

test('a blob with a wrong bit reaches nobody whole, and is asked for again', async () => {
  const layer = random(300_000);
  const digest = registry.blob(layer);
  const path = `plain.example/corrupt/blobs/${digest}`;
  registry.fault({ as: 'corrupt' }, ({ path }) => path.includes('/blobs/'));
  const wrong = await get(path)
    .then(async (answer) => (answer.ok ? await answer.bytes() : null))
    .catch(() => null); // broken off, which is as good as an error
  expect(wrong?.length ?? 0).toBeLessThan(layer.length);
  registry.fault(null);
  await eventually('the right bytes', async () => {
    const answer = await get(path);
    return answer.ok && digestOf(await answer.bytes()) === digest;
  });
});

test('a part far ahead of a layer that is still coming does not wait for it, and is fetched once', async () => {
  const layer = random(24_000_000);
  const digest = registry.blob(layer);
  const path = `plain.example/huge/blobs/${digest}`;
  registry.fault({ as: 'slow', bytesPerSecond: 200_000 }, ({ headers }) => !headers.has('range'));
  const leave = new AbortController();
  const whole = await get(path, { signal: leave.signal });
  const asked = ['bytes=20000000-20000999', 'bytes=20001000-20001999', 'bytes=20000500-20001499'];
  const parts = await Promise.all(
    asked.map(async (range) => {
      const answer = await get(path, { headers: { range } });
      return [answer.status, await answer.bytes()];
    }),
  );
  expect(parts).toEqual([
    [206, layer.slice(20_000_000, 20_001_000)],
    [206, layer.slice(20_001_000, 20_002_000)],
    [206, layer.slice(20_000_500, 20_001_500)],
  ]);
  // The whole, and the one slice that all three are in.
  expect(registry.fetched(digest)).toBe(2);
  expect(whole.status).toBe(200);
  leave.abort();
});

test('a limit is obeyed: what is stored is served, the rest hears when to come again, and the registry nothing', async () => {
  const { digest, config, layers } = registry.image('limited/app', 'v1', [random(10)]);
  await bytesAt('plain.example/limited/app/manifests/v1');
  await eventually('all that is fetched ahead', () =>
    [config, ...layers].every((each) => registry.fetched(each) === 1),
  );
  const quota = {
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '0;w=21600',
    'ratelimit-reset': '120',
  };
  registry.manners.answers = { status: 429, headers: quota };
  const first = await get('plain.example/limited/other/manifests/v1');
  expect([first.status, first.headers.get('ratelimit-remaining')]).toEqual([429, '0;w=21600']);
  expect(first.headers.get('retry-after')).toBe('120');
  expect(await first.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  registry.manners.answers = null;
  registry.forget();

  await Bun.sleep(1200); // Beyond the second for which the tag is fresh.
  const stale = await get('plain.example/limited/app/manifests/v1');
  expect([stale.status, stale.headers.get('docker-content-digest')]).toEqual([200, digest]);
  const refused = await get('plain.example/limited/third/manifests/v1');
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeWithin(60, 121);
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
  expect(registry.count()).toBe(0);
});
