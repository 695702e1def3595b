import { describe, expect, test } from 'bun:test';
import { exchange } from '../../../../test/support/builders.ts';
import { virtualClock } from '../../../../test/support/clock.ts';
import type { Foreseen } from '../../../foresight.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { digestOf } from '../digest.ts';
import { oci } from '../oci.ts';

const docker = 'docker/27.3.1 go/go1.22.7 kernel/6.8 os/linux arch/arm64 UpstreamClient(x)';
const skopeo = 'skopeo/1.9.3';

function opened(prefix = '') {
  const protocol = oci(
    {
      sources: [{ name: 'hub.example', url: 'http://hub.example', namespace: 'library' }],
      ...{ mirrors: 'hub.example', hosted: null, replication: [] },
      ahead: { atOnce: 0, largestBytes: 0 },
      metadata: { freshS: 60 },
    },
    { route: 'oci', prefix, role: 'origin' },
    virtualClock(),
  );
  const { foresight } = protocol;
  if (foresight === undefined) throw new Error('nothing is foreseen');
  const stored = new Map<string, Uint8Array>();
  const reads: string[] = [];
  const door = {
    async read({ key }: { key: string }) {
      reads.push(key);
      const bytes = stored.get(key);
      if (bytes === undefined) return { status: 404, headers: new Headers(), bytes: new Uint8Array() };
      const headers = new Headers({ 'docker-content-digest': digestOf(bytes) });
      return { status: 200, headers, bytes };
    },
  } as unknown as OriginDoor;
  const ask = { exchange: exchange({ target: '/.meridian/ahead/oci' }) } as Ask;

  function clue(userAgent: string, target: string, method = 'GET') {
    const asked = exchange({ target, method, headers: new Headers({ 'user-agent': userAgent }) });
    return foresight!.clue(protocol.name(asked), asked, { asked: () => 0 });
  }

  return {
    reads,
    clue,
    foresee: (question: string) => foresight.foresee(question, { ask, door }),
    async foreseen(userAgent: string, target: string, method = 'GET') {
      const question = clue(userAgent, target, method)?.question;
      return question == null ? null : await foresight.foresee(question, { ask, door });
    },
    put(value: unknown, tag: string | null = null, name = 'hub.example/library/app') {
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      const digest = digestOf(bytes);
      stored.set(`oci manifest/${name}@${digest}`, bytes);
      if (tag !== null) stored.set(`oci tag/${name}:${tag}`, bytes);
      return { digest, size: bytes.byteLength };
    },
  };
}

const blob = (text: string, more: object = {}) => ({
  ...{ digest: digestOf(new TextEncoder().encode(text)), size: text.length * 1000 },
  ...more,
});
const image = (name: string) => ({
  config: blob(`${name} config`),
  layers: [blob('base'), blob(`${name} layer`)],
});
const blobsOf = (name: string, at: string, more: object = {}) =>
  [`${name} config`, 'base', `${name} layer`].map((text): Foreseen => {
    const { digest, size } = blob(text);
    return { target: `${at}/blobs/${digest}`, bytes: size, likelihood: 1, ...more };
  });

/** An index of two platforms, with the attestation that BuildKit adds. */
function putIndex(world: ReturnType<typeof opened>) {
  const of = (architecture: string) => ({
    ...world.put(image(architecture)),
    platform: { os: 'linux', architecture },
  });
  const about = {
    ...world.put({ config: blob('attestation'), layers: [blob('in-toto')] }),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  const [amd64, arm64] = [of('amd64'), of('arm64')];
  const index = world.put({ manifests: [amd64, arm64, about] }, 'v1');
  return { index, amd64, arm64 };
}

describe('of an index', () => {
  test('docker asks for it by its digest, then for what is for its platform', async () => {
    const world = opened();
    const { index, arm64 } = putIndex(world);
    const plan = await world.foreseen(docker, '/v2/library/app/manifests/v1', 'HEAD');
    const at = '/v2/library/app';
    expect(plan).toEqual({
      foreseen: [
        { target: `${at}/manifests/${index.digest}`, bytes: index.size, likelihood: 0.7 },
        { target: `${at}/manifests/${arm64.digest}`, bytes: arm64.size, likelihood: 0.7 },
        ...blobsOf('arm64', at, { likelihood: 0.7 }),
      ],
      isWhole: true,
      freshS: 60,
    });
    expect(world.reads).toHaveLength(2);
  });

  test('skopeo, which does not say what it runs on, probably takes the commonest', async () => {
    const world = opened();
    const { amd64 } = putIndex(world);
    const plan = await world.foreseen(skopeo, '/v2/library/app/manifests/v1');
    const at = '/v2/library/app';
    expect(plan?.foreseen).toEqual([
      { target: `${at}/manifests/${amd64.digest}`, bytes: amd64.size, likelihood: 0.85 },
      ...blobsOf('amd64', at, { likelihood: 0.85 }),
    ]);
  });

  test('everything is as the client writes it', async () => {
    const world = opened('/images');
    const { amd64 } = putIndex(world);
    const at = '/images/v2/library/app';
    const plan = await world.foreseen('containerd/v2.0.1', `${at}/manifests/v1?ns=hub.example`);
    expect(plan?.foreseen[0]?.target).toBe(`${at}/manifests/${amd64.digest}?ns=hub.example`);
    expect(plan?.foreseen.at(-1)?.target).toEndWith('?ns=hub.example');
  });
});

test('of a manifest that is asked for by its digest, config and layers are certain, and stay what they are', async () => {
  const world = opened();
  const { digest } = world.put(image('x'));
  const plan = await world.foreseen(skopeo, `/v2/hub.example/library/app/manifests/${digest}`);
  expect(plan).toEqual({ foreseen: blobsOf('x', '/v2/hub.example/library/app'), isWhole: true });
});

test('what a client fetches from elsewhere, and what has no digest that could be checked, is not foreseen', async () => {
  const world = opened();
  const elsewhere = blob('elsewhere', { urls: ['https://windows.example/layer'] });
  world.put({ config: blob('config'), layers: [elsewhere] }, 'foreign');
  const plan = await world.foreseen(skopeo, '/v2/library/app/manifests/foreign');
  expect(plan?.foreseen.map(({ target }) => target)).toEqual([
    `/v2/library/app/blobs/${blob('config').digest}`,
  ]);
  world.put({ layers: [{ digest: 'md5:abc', size: 3 }] }, 'odd');
  expect((await world.foreseen(skopeo, '/v2/library/app/manifests/odd'))?.foreseen).toEqual([]);
});

test('indexes in indexes are gone through, to a bound', async () => {
  const world = opened();
  const inner = { ...world.put(image('deep')), platform: { os: 'linux', architecture: 'amd64' } };
  world.put({ manifests: [world.put({ manifests: [inner] })] }, 'deep');
  const plan = await world.foreseen(skopeo, '/v2/library/app/manifests/deep');
  expect(plan?.foreseen.slice(2)).toEqual(blobsOf('deep', '/v2/library/app'));
  let nested = world.put(image('deeper'));
  for (let depth = 0; depth < 4; depth++) nested = world.put({ manifests: [nested] }, 'deeper');
  const deeper = await world.foreseen(skopeo, '/v2/library/app/manifests/deeper');
  expect(deeper?.foreseen.map(({ target }) => target.includes('/manifests/'))).toEqual([true, true]);
});

test('of what is not there, nothing is foreseen, and not for long', async () => {
  const plan = await opened().foreseen(skopeo, '/v2/library/app/manifests/none');
  expect(plan).toMatchObject({ foreseen: [], isWhole: false });
});

test('the same question is asked for all who get the same', () => {
  const { clue } = opened();
  const target = '/v2/library/app/manifests/v1';
  expect(clue('skopeo/1.9.3', target)).toEqual(
    clue('containers/5.23.1 (github.com/containers/image)', target),
  );
  expect(clue(skopeo, target)).not.toEqual(clue(docker, target));
});

test('nothing is foreseen of who only looks, of what is no manifest, or of what nobody knows', () => {
  const { clue } = opened();
  const target = '/v2/library/app/manifests/v1';
  expect(clue(skopeo, target, 'HEAD')).toBeNull();
  expect(clue('curl/8.5.0', target)).toBeNull();
  expect(clue(docker, `/v2/library/app/blobs/${digestOf(new Uint8Array())}`)).toBeNull();
  expect(clue(docker, '/v2/library/app/tags/list')).toBeNull();
  expect(clue(docker, '/v2/')).toBeNull();
  expect(clue(docker, '/v2/Library/app/manifests/v1')).toBeNull();
});

test('a question that nobody here has written is refused', async () => {
  const { foresee } = opened();
  for (const question of [
    '',
    'name=app',
    'name=App&reference=v1',
    'name=app&reference=v1&likely=7',
    'name=app&reference=..',
  ])
    await expect([question, await foresee(question).catch((error) => error.code)]).toEqual([
      question,
      'request-malformed',
    ]);
});
