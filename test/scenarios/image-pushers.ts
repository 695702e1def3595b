/**
 * People who push images of a few layers that they have in common, mount, delete and push again what is the same, and know at any moment
 * what they have been told is there.
 */
import { expect } from 'bun:test';
import { digestOf } from '../../src/protocols/oci/digest.ts';
import { alice, bytesOf, imageType, type TestHome } from '../../src/protocols/oci/hosted/home.contract.ts';
import { noise } from '../support/index.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
/** Few, so that what one deletes another one pushes at the same moment. */
const layers = Array.from({ length: 12 }, (_, nth) => bytesOf(noise(`layer ${nth}`, 2_000 + 500 * nth)));
/** Who is told that something is missing pushes it again, so often at most. */
const mostTries = 50;

export interface Acknowledged {
  readonly name: string;
  readonly tag: string;
  readonly manifest: Uint8Array;
  /** By digest: blobs, and manifests of an index. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly manifests: ReadonlyMap<string, Uint8Array>;
}

export interface Pusher {
  /** What is there for sure, by tag. */
  readonly there: ReadonlyMap<string, Acknowledged>;
  /** Of tags that rules take away: in the order in which they were pushed last. */
  readonly passing: readonly Acknowledged[];
  /** How often somebody was told that something he counted on is gone. */
  readonly retries: number;
  step(nth: number): Promise<void>;
}

type Document = Readonly<Record<string, unknown>>;

/** @param others repositories to mount from. */
export function openPusher(
  home: TestHome,
  name: string,
  others: readonly string[],
  pick: (below: number) => number,
): Pusher {
  const there = new Map<string, Acknowledged>();
  let passing: Acknowledged[] = [];
  let retries = 0;

  async function pushBlob(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = digestOf(bytes);
    const from = others[pick(others.length)];
    const way = pick(3);
    if (way === 0) {
      const mounted = await send('POST', `${name}/blobs/uploads/?mount=${digest}&from=${from}`, 201, 202);
      if (mounted.status === 201) return;
    }
    if (way === 1) return void (await send('POST', `${name}/blobs/uploads/?digest=${digest}`, 201, bytes));
    const begun = await send('POST', `${name}/blobs/uploads/`, 202);
    const place = begun.headers.get('location') ?? '';
    const half = bytes.length >> 1;
    await send('PATCH', place, 202, bytes.slice(0, half));
    await send('PATCH', place, 202, bytes.slice(half));
    await send('PUT', `${place}?digest=${digest}`, 201);
  }

  async function send(
    method: string,
    target: string,
    expected: number,
    more?: Uint8Array<ArrayBuffer> | number,
  ) {
    const body = typeof more === 'number' ? {} : more && { body: more };
    const answer = await home.as(alice, method, target, body);
    const allowed = typeof more === 'number' ? [expected, more] : [expected];
    expect(allowed, `${method} ${target}: ${answer.status} ${textOf(answer.bytes)}`).toContain(answer.status);
    return answer;
  }

  /** An image of its own config and of some layers. */
  function imageOf(seed: string) {
    const parts = [bytesOf(`config of ${name} ${seed}`), ...some().map((nth) => layers[nth] ?? bytesOf(''))];
    const described = parts.map((bytes, at) => ({
      mediaType: `application/vnd.oci.image.${at === 0 ? 'config.v1+json' : 'layer.v1.tar'}`,
      ...{ digest: digestOf(bytes), size: bytes.length },
    }));
    const [config, ...rest] = described;
    return { parts, document: documentOf(imageType, { config, layers: rest }) };
  }

  function some(): readonly number[] {
    const first = pick(layers.length);
    return Array.from({ length: 1 + pick(6) }, (_, at) => (first + at) % layers.length);
  }

  /** As clients do: everything anew, when the registry says that something is missing. */
  async function push(tag: string, seed: string, platforms: number): Promise<Acknowledged> {
    const images = Array.from({ length: Math.max(platforms, 1) }, (_, at) => imageOf(`${seed}.${at}`));
    const top = platforms === 0 ? images[0]?.document : indexOf(images.map(({ document }) => document));
    const children = platforms === 0 ? [] : images.map(({ document }) => document);
    if (top === undefined) throw new Error('there is one');
    for (let tries = 0; tries < mostTries; tries++) {
      for (const { parts } of images) for (const bytes of parts) await pushBlob(bytes);
      const sent: [string, Uint8Array<ArrayBuffer>, string][] = children.map((each) => [
        ...([digestOf(each), each, imageType] as const),
      ]);
      sent.push([tag, top, platforms === 0 ? imageType : indexType]);
      let isWhole = true;
      for (const [reference, body, type] of sent) {
        const headers = { 'content-type': type };
        const answer = await home.as(alice, 'PUT', `${name}/manifests/${reference}`, { body, headers });
        isWhole &&= answer.status === 201;
        if (!isWhole) expect(textOf(answer.bytes)).toContain('MANIFEST_BLOB_UNKNOWN');
        if (!isWhole) break;
      }
      if (isWhole)
        return {
          ...{ name, tag, manifest: top },
          blobs: new Map(images.flatMap(({ parts }) => parts.map((bytes) => [digestOf(bytes), bytes]))),
          manifests: new Map(children.map((bytes) => [digestOf(bytes), bytes])),
        };
      retries++;
    }
    throw new Error(`${name}:${tag} cannot be pushed`);
  }

  async function removeOne(): Promise<void> {
    const tags = [...there.keys()];
    const tag = tags[pick(tags.length)];
    const image = tag === undefined ? undefined : there.get(tag);
    if (image === undefined) return;
    // From here on, nobody may count on it.
    const digest = digestOf(image.manifest);
    for (const [other, { manifest }] of there) if (digestOf(manifest) === digest) there.delete(other);
    passing = passing.filter(({ manifest }) => digestOf(manifest) !== digest);
    const reference = pick(2) === 0 ? digest : image.tag;
    await send('DELETE', `${name}/manifests/${reference}`, 202);
    for (const blob of image.blobs.keys()) await home.as(alice, 'DELETE', `${name}/blobs/${blob}`); // 405 where something needs it
  }

  return {
    there,
    get passing() {
      return passing;
    },
    get retries() {
      return retries;
    },
    async step(nth) {
      const platforms = nth % 4 === 3 ? 2 : 0;
      const tag = nth % 3 === 0 ? `pr-${nth}` : `v${nth % 7}`;
      there.delete(tag);
      const image = await push(tag, nth % 5 === 0 ? 'same' : String(nth), platforms);
      if (tag.startsWith('pr-')) passing = [...passing.filter((each) => each.tag !== tag), image];
      else there.set(tag, image);
      if (pick(3) === 0) await removeOne();
    },
  };
}

/** Asks for all of it, and compares it byte for byte. @returns what is wrong; `null`: nothing. */
export async function faultOf(home: TestHome, image: Acknowledged): Promise<string | null> {
  const { name, tag, manifest, manifests, blobs } = image;
  const parts: (readonly [string, Uint8Array])[] = [[`manifests/${tag}`, manifest]];
  for (const [digest, bytes] of manifests) parts.push([`manifests/${digest}`, bytes]);
  for (const [digest, bytes] of blobs) parts.push([`blobs/${digest}`, bytes]);
  for (const [path, bytes] of parts) {
    const got = await home.as(alice, 'GET', `${name}/${path}`);
    if (got.status !== 200) return `${name}/${path}: ${got.status}`;
    if (Buffer.compare(got.bytes, bytes) !== 0) return `${name}/${path}: other bytes`;
  }
  return null;
}

function indexOf(documents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const manifests = documents.map((bytes) => ({
    ...{ mediaType: imageType, digest: digestOf(bytes), size: bytes.length },
  }));
  return documentOf(indexType, { manifests });
}

function documentOf(mediaType: string, rest: Document): Uint8Array<ArrayBuffer> {
  return bytesOf(JSON.stringify({ schemaVersion: 2, mediaType, ...rest }));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
