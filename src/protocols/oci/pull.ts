/** At the origin: what a repository of an upstream registry holds. */
import { z } from 'zod';
import type { Answer, Entry } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parsedJson } from '../../http/json.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { FreshnessPolicy } from '../../resource.ts';
import { immutable, ownCacheControl } from './cache-control.ts';
import { type Digest, digestOf, etagOf, readDigest, reprDigestOf } from './digest.ts';
import type { ContentItem, Item, ReferrersItem, TagItem, TagsItem } from './key.ts';
import { anyManifest, indexType } from './media.ts';
import { manifestResource } from './name.ts';
import type { Place, Sources } from './sources.ts';
import type { Tokens } from './tokens.ts';
import { ask as askUpstream, discard, passError } from './upstream.ts';

/** The specification asks registries to take manifests of 4 MiB at least. */
const longestManifest = 16 * 2 ** 20;
/** Of a list of tags, or of referrers. */
const longestList = 16 * 2 ** 20;

export interface OciOrigin {
  readonly route: string;
  readonly sources: Sources;
  readonly tokens: Tokens;
  readonly metadata: FreshnessPolicy;
}

export async function pull(oci: OciOrigin, item: Item, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const place = oci.sources.placeOf(item.name);
  if (place === null)
    throw new MeridianError('internal', 'The OCI protocol was asked for a name that no source has.');
  switch (item.kind) {
    case 'tag':
      return pullTag(oci, item, place, ask, origin);
    case 'manifest':
      return pullByDigest(oci, item, place, ask, origin);
    case 'blob':
      return pullByDigest(oci, item, place, ask, origin);
    case 'tags':
      return pullTags(oci, item, place, ask, origin);
    case 'referrers':
      return pullReferrers(oci, item, place, ask, origin);
  }
}

/** Asks what the tag means now, which registries do not count as a pull; the manifest itself is kept by its digest. */
async function pullTag(
  oci: OciOrigin,
  { name, tag }: TagItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const headers = asking();
  const subject = `${name}:${tag}`;
  const head = await askUpstream(
    place,
    { method: 'HEAD', path: `manifests/${tag}`, headers, signal: ask.signal },
    origin,
    oci.tokens,
  );
  await discard(head);
  const digest = head.status === 200 ? readDigest(head.headers.get('docker-content-digest') ?? '') : null;
  if (head.status !== 200 && head.status !== 405 && head.status !== 501)
    return passError(head, 'MANIFEST_UNKNOWN', subject);
  if (digest === null) return pullUnnamed(oci, subject, tag, place, ask, origin);
  const stored = confirmed(digest, ask.stored, oci.metadata);
  if (stored !== null) return stored;
  const read = await origin.read(
    manifestResource(oci.route, name, digest),
    { ...ask, stored: null },
    longestManifest,
  );
  if (read.status !== 200) return { status: read.status, headers: read.headers, body: copied(read.bytes) };
  return manifestAnswer(
    digest,
    read.headers.get('content-type'),
    copied(read.bytes),
    ownCacheControl(oci.metadata),
  );
}

/** A registry that does not say the digest: it is made of the bytes. */
async function pullUnnamed(
  oci: OciOrigin,
  subject: string,
  tag: string,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const question = {
    method: 'GET',
    path: `manifests/${tag}`,
    headers: asking(),
    signal: ask.signal,
  } as const;
  const answer = await askUpstream(place, question, origin, oci.tokens);
  if (answer.status !== 200) return passError(answer, 'MANIFEST_UNKNOWN', subject);
  const bytes = await wholeOf(answer, longestManifest, subject);
  const digest = digestOf(bytes);
  const stored = confirmed(digest, ask.stored, oci.metadata);
  return (
    stored ?? manifestAnswer(digest, answer.headers.get('content-type'), bytes, ownCacheControl(oci.metadata))
  );
}

function confirmed(digest: Digest, stored: Entry | null, metadata: FreshnessPolicy): Answer | null {
  if (stored?.etag !== etagOf(digest)) return null;
  const headers = new Headers({ etag: etagOf(digest), 'cache-control': ownCacheControl(metadata) });
  return { status: 304, headers, body: null };
}

function manifestAnswer(
  digest: Digest,
  type: string | null,
  bytes: Uint8Array<ArrayBuffer>,
  cacheControl: string,
): Answer {
  const headers = fieldsOf(digest, cacheControl);
  headers.set('content-type', type ?? 'application/octet-stream');
  headers.set('content-length', String(bytes.byteLength));
  return { status: 200, headers, body: bytes };
}

function fieldsOf(digest: Digest, cacheControl: string): Headers {
  return new Headers({
    'cache-control': cacheControl,
    'docker-content-digest': digest,
    etag: etagOf(digest),
    'repr-digest': reprDigestOf(digest),
  });
}

/** A manifest or a blob: every tier checks the bytes against the digest as they stream, and keeps nothing that differs. */
async function pullByDigest(
  oci: OciOrigin,
  { kind, name, digest }: ContentItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  if (ask.stored?.etag === etagOf(digest))
    return {
      status: 304,
      headers: new Headers({ etag: etagOf(digest), 'cache-control': immutable }),
      body: null,
    };
  const method = ask.exchange.method === 'HEAD' ? 'HEAD' : 'GET';
  const path = `${kind === 'manifest' ? 'manifests' : 'blobs'}/${digest}`;
  const headers =
    kind === 'manifest' ? asking() : new Headers({ accept: '*/*', 'accept-encoding': 'identity' });
  const answer = await askUpstream(place, { method, path, headers, signal: ask.signal }, origin, oci.tokens);
  const subject = `${name}@${digest}`;
  if (answer.status !== 200)
    return passError(answer, kind === 'manifest' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN', subject);
  const fields = fieldsOf(digest, immutable);
  const isManifest = kind === 'manifest';
  fields.set(
    'content-type',
    (isManifest ? answer.headers.get('content-type') : null) ?? 'application/octet-stream',
  );
  for (const name of ['content-length', 'meridian-unframed']) {
    const value = answer.headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  return { status: 200, headers: fields, body: answer.body };
}

async function pullTags(
  oci: OciOrigin,
  { name, query }: TagsItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' });
  const question = { method: 'GET', path: `tags/list${query}`, headers, signal: ask.signal } as const;
  const answer = await askUpstream(place, question, origin, oci.tokens);
  if (answer.status !== 200) return passError(answer, 'NAME_UNKNOWN', name);
  const tags = tagsIn(await wholeOf(answer, longestList, `the tags of ${name}`), name);
  const listed = jsonAnswer({ name, tags }, ownCacheControl(oci.metadata));
  const next = nextPage(answer.headers.get('link'), name);
  if (next !== null) listed.headers.set('link', next);
  return listed;
}

/** Old registries say `null` for none. */
const tagList = z.object({ tags: z.array(z.string()).nullish() });

function tagsIn(bytes: Uint8Array, name: string): readonly string[] {
  const { data } = tagList.safeParse(parsedJson(new TextDecoder().decode(bytes)));
  if (data === undefined) throw new MeridianError('upstream-invalid', `The list of tags of ${name} is none.`);
  return data.tags ?? [];
}

/** The upstream's next page, as one of ours: by the full name, which every client understands. */
function nextPage(link: string | null, name: string): string | null {
  const [, target = ''] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '') ?? [];
  const url = target === '' ? null : URL.parse(target, 'http://upstream.invalid');
  return url === null ? null : `</v2/${name}/tags/list${url.search}>; rel="next"`;
}

/** By the API; from a registry without, by the tag that clients then use (§ Referrers Tag Schema). */
async function pullReferrers(
  oci: OciOrigin,
  { name, digest }: ReferrersItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const { signal } = ask;
  const headers = () => new Headers({ accept: indexType, 'accept-encoding': 'identity' });
  const byApi = await askUpstream(
    place,
    { method: 'GET', path: `referrers/${digest}`, headers: headers(), signal },
    origin,
    oci.tokens,
  );
  if (byApi.status === 200)
    return indexAnswer(await wholeOf(byApi, longestList, `the referrers of ${digest}`), oci);
  if (byApi.status !== 404 && byApi.status !== 400 && byApi.status !== 405)
    return passError(byApi, 'MANIFEST_UNKNOWN', name);
  await discard(byApi);
  const path = `manifests/${digest.replace(':', '-')}`;
  const byTag = await askUpstream(
    place,
    { method: 'GET', path, headers: headers(), signal },
    origin,
    oci.tokens,
  );
  if (byTag.status === 200)
    return indexAnswer(await wholeOf(byTag, longestList, `the referrers of ${digest}`), oci);
  if (byTag.status !== 404) return passError(byTag, 'MANIFEST_UNKNOWN', name);
  await discard(byTag);
  const none = { schemaVersion: 2, mediaType: indexType, manifests: [] };
  return indexAnswer(copied(new TextEncoder().encode(JSON.stringify(none))), oci);
}

function indexAnswer(bytes: Uint8Array<ArrayBuffer>, { metadata }: OciOrigin): Answer {
  const answer = manifestAnswer(digestOf(bytes), indexType, bytes, ownCacheControl(metadata));
  answer.headers.delete('docker-content-digest');
  return answer;
}

function jsonAnswer(value: unknown, cacheControl: string): Answer {
  const bytes = copied(new TextEncoder().encode(JSON.stringify(value)));
  const answer = manifestAnswer(digestOf(bytes), 'application/json', bytes, cacheControl);
  answer.headers.delete('docker-content-digest');
  return answer;
}

function asking(): Headers {
  return new Headers({ accept: anyManifest, 'accept-encoding': 'identity' });
}

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

async function wholeOf({ body }: Answer, maxBytes: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new MeridianError('upstream-invalid', `${what} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, bytes));
}
