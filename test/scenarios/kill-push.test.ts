/**
 * kill -9 of an origin while images are pushed, again and again: what a client was told is pushed is there for good and whole, of the rest
 * each image is there as a whole or not at all, and a PoP that was never killed says the same.
 *
 * 25 kills in CI, fewer elsewhere; `MERIDIAN_KILLS=1000` for a night.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, noise, startNetwork, type TestNetwork } from '../support/index.ts';

const kills = Number(process.env.MERIDIAN_KILLS ?? (process.env.CI === 'true' ? 25 : 8));
const names = ['acme/a', 'acme/b', 'acme/c'];
const imageType = 'application/vnd.oci.image.manifest.v1+json';

let network: TestNetwork;
let token: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      near: { role: 'pop', parents: ['origin'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [oci({ hosted: { names: ['acme/*'], public: ['*'] } })],
  });
  const all = { actions: ['read', 'publish'], routes: ['oci'], subjects: ['acme/*'] } as const;
  token = (await tokenFor(network.node('origin'), 'ci', [all])).token;
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

const digestOf = (bytes: Uint8Array) =>
  `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
const layerOf = (name: string, tag: string) => new TextEncoder().encode(noise(`${name}:${tag}`, 60_000));

function manifestOf(name: string, tag: string) {
  const layer = layerOf(name, tag);
  const config = new TextEncoder().encode(JSON.stringify({ name, tag }));
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: imageType },
      config: {
        ...{ mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config) },
        size: config.length,
      },
      layers: [
        {
          ...{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer) },
          size: layer.length,
        },
      ],
    }),
  );
  return { layer, config, bytes };
}

async function send(
  method: string,
  target: string,
  body: Uint8Array | null,
  type?: string,
): Promise<Response> {
  const headers = { ...bearer(token), ...(type !== undefined && { 'content-type': type }) };
  return fetch(new URL(target, network.url('near')), { method, headers, body });
}

/** As clients push a layer: in a chunk, and an end. @returns whether it was acknowledged. */
async function pushBlob(name: string, bytes: Uint8Array): Promise<boolean> {
  const begun = await send('POST', `/v2/${name}/blobs/uploads/`, null);
  const place = begun.headers.get('location');
  if (begun.status !== 202 || place === null) return false;
  const patched = await send('PATCH', place, bytes);
  if (patched.status !== 202) return false;
  return (await send('PUT', `${place}?digest=${digestOf(bytes)}`, null)).status === 201;
}

async function push(name: string, tag: string): Promise<boolean> {
  const { layer, config, bytes } = manifestOf(name, tag);
  if (!(await pushBlob(name, layer)) || !(await pushBlob(name, config))) return false;
  return (await send('PUT', `/v2/${name}/manifests/${tag}`, bytes, imageType)).status === 201;
}

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

async function expectWhole(name: string, tag: string): Promise<void> {
  const { layer, config, bytes } = manifestOf(name, tag);
  const parts = [
    [`manifests/${tag}`, bytes],
    [`blobs/${digestOf(layer)}`, layer],
    [`blobs/${digestOf(config)}`, config],
  ] as const;
  for (const [path, expected] of parts) {
    const response = await fetch(new URL(`/v2/${name}/${path}`, network.url('far')));
    const got = await response.bytes();
    expect([name, tag, path, response.status]).toEqual([name, tag, path, 200]);
    expect(Buffer.compare(got, expected), `${name}:${tag} ${path}`).toBe(0);
  }
}

test(
  `${kills} kills lose nothing that was acknowledged, and leave no half of an image`,
  async () => {
    const acknowledged = new Map(names.map((name) => [name, new Set<string>()]));
    let interrupted = 0;
    for (let round = 1; round <= kills; round++) {
      let isOver = false;
      const load = names.map(async (name) => {
        for (let nth = 0; !isOver; nth++) {
          const tag = `r${round}.${nth}`;
          if (await push(name, tag)) acknowledged.get(name)?.add(tag);
          else interrupted++;
        }
      });
      // For two seconds after its start, an origin waits longer for those whom it tells: some kills come before that is over.
      await Bun.sleep(300 + ((round * 7919) % 2_000));
      await network.node('origin').kill9();
      isOver = true;
      await Promise.all(load);
      await network.node('origin').restart();
      for (const name of names) {
        const told = acknowledged.get(name) ?? new Set();
        await eventually(`the PoPs to say the same of ${name}`, async () => {
          const [near, far] = await Promise.all([tagsAt('near', name), tagsAt('far', name)]);
          return Bun.deepEquals(near, far) && [...told].every((tag) => far.includes(tag));
        });
        const there = await tagsAt('far', name);
        for (const tag of there.filter((each) => each.startsWith(`r${round}.`))) await expectWhole(name, tag);
      }
    }
    for (const [name, tags] of acknowledged)
      for (const tag of [...tags].slice(-20)) await expectWhole(name, tag);
    expect(interrupted, 'no kill has met a push').toBeGreaterThan(0);
    expect([...acknowledged.values()].every(({ size }) => size > 0)).toBe(true);
  },
  60_000 + kills * 15_000,
);
