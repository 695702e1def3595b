/**
 * Serves packages that live here. What only some may read says so on every answer, so that a PoP asks itself whom it gives it
 * to, for each request (`identity.ts`).
 */
import type { Answer, Entry } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { ownTarget } from '../../../http/targeted.ts';
import { accessField, restrictedValue } from '../../../identity.ts';
import type { Ask } from '../../../parent.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { cacheControlOf, immutable } from '../../kept-for.ts';
import { answerWith, confirm, documentOf, errorAnswer, jsonAnswer, type Presentation } from '../canonical.ts';
import { type Fetched, stampOf, type Wanted } from '../fetch-packument.ts';
import { pullChoices } from '../foresight/pull.ts';
import { mediaTypes } from '../form.ts';
import { etagOf, reprDigestOf } from '../integrity.ts';
import type { Item } from '../key.ts';
import type { NpmOrigin } from '../origin.ts';
import { placeholderOrigin } from '../packument.ts';
import { type PackumentSource, pullPart } from '../pull-packument.ts';
import type { Source } from '../source.ts';
import { assemble, manifestOf } from './assemble.ts';
import { storesOf } from './claims.ts';
import { serveKnown } from './known.ts';
import { attestationsKey, findPackage, findVersion, type HostedPackage, versionOfFile } from './record.ts';

/** In place of a remote's address, in what the origin remembers of a document. */
const HERE = 'here:';

type PackageItem = Exclude<Item, { kind: 'keys' }>;

export async function serveHosted(
  npm: NpmOrigin,
  item: PackageItem,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  return toldApart(await find(npm, item, ask, origin));
}

/**
 * Our own caches are told of every change, and those of clients are not: npm would go on with a document for as long as it is
 * fresh. So clients ask each time, which a PoP answers with 304; and what is restricted is kept by no proxy of theirs.
 */
export function toldApart(answer: Answer): Answer {
  const { headers } = answer;
  const stated = headers.get('cache-control') ?? 'no-store';
  const who = headers.get(accessField) === restrictedValue ? 'private' : 'public';
  headers.set(ownTarget, stated);
  headers.set('cache-control', stated === immutable ? immutable.replace('public', who) : `${who}, no-cache`);
  return answer;
}

async function find(npm: NpmOrigin, item: PackageItem, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const { metadata } = storesOf(origin);
  const found = await findPackage(metadata, npm.route, item.name);
  if (item.kind === 'known') return serveKnown(npm, found?.package ?? null);
  if (found === null || found.package.latest === null) return absent(npm, item.name);
  const { package: pkg } = found;
  switch (item.kind) {
    case 'packument':
      // Says itself whom it is for: it may be a newer one than what has just been looked up.
      return pullPart(npm, item.form, item.name, ask, origin, hostedSource(npm, item.name, origin));
    case 'index':
      return errorAnswer(404, `Not found: ${item.name} lives here and has no index`);
    case 'choices':
      return marked(pkg, await pullChoices(npm, item.name, ask, origin));
    case 'manifest':
      return marked(pkg, await serveManifest(npm, item.name, item.version, pkg, ask, origin));
    case 'dist-tags':
      return marked(pkg, answerWith(documentOf(JSON.stringify(pkg.tags)), presented(npm), ask.stored));
    case 'tarball':
      return marked(pkg, await serveTarball(npm, item.name, item.file, ask.stored, origin));
    case 'attestations':
      return marked(pkg, await serveAttestations(npm, item.name, item.version, ask, origin));
  }
}

/**
 * Where what is published is for some only, so is the word that there is nothing of a name: nobody else can tell the two
 * apart.
 */
function absent({ hosted }: NpmOrigin, name: string): Answer {
  const access = hosted?.claims(name) ? hosted.access : 'public';
  return marked({ access }, errorAnswer(404, `Not found: ${name}`));
}

function marked({ access }: Pick<HostedPackage, 'access'>, answer: Answer): Answer {
  if (access === 'restricted') answer.headers.set(accessField, restrictedValue);
  return answer;
}

function presented(npm: NpmOrigin, vary?: string): Presentation {
  return { contentType: mediaTypes.full, cacheControl: cacheControlOf(npm.metadata, new Headers()), vary };
}

function hostedSource(npm: NpmOrigin, name: string, origin: OriginDoor): PackumentSource {
  return {
    remote: HERE,
    isHosted: true,
    // What has its home here was published by whoever may publish here.
    terms: null,
    fetch: (wanted, stored) => fetchHosted(npm, name, wanted, stored, origin),
  };
}

async function fetchHosted(
  npm: NpmOrigin,
  name: string,
  { form, withFull, policy }: Wanted,
  stored: Source | null,
  origin: OriginDoor,
): Promise<Fetched> {
  const { route, maxPackumentBytes: maxBytes } = npm;
  const { metadata: reader } = storesOf(origin);
  const current = await findPackage(reader, route, name);
  if (current !== null && stored !== null && stored.etag === current.revision) {
    return { as: 'unchanged', source: stored, head: marked(current.package, emptyAnswer()).headers };
  }
  const share = npm.budget.share();
  try {
    const assembled = await assemble({
      ...{ reader, route, name, maxBytes, share },
      base: placeholderOrigin,
    });
    if (assembled === null) return { as: 'error', answer: errorAnswer(404, `Not found: ${name}`) };
    const { found, chunks } = assembled;
    const head = marked(found.package, emptyAnswer()).headers;
    const { sha256, documents } = await npm.deriver.run(
      {
        ...{ task: 'derive', name, chunks, gzip: false, maxBytes, isAbbreviated: false },
        remoteUrl: placeholderOrigin.slice(0, -1),
        unless: stored?.sha256 ?? null,
        full: withFull ? 'yes' : 'if-small',
        policy,
      },
      chunks,
    );
    const stamp = stampOf(policy, documents, stored);
    const source: Source = { remote: HERE, form, etag: found.revision, lastModified: null, sha256, stamp };
    return documents === null
      ? { as: 'unchanged', source, head }
      : { as: 'derived', source, head, documents };
  } finally {
    share.release();
  }
}

function emptyAnswer(): Answer {
  return { status: 200, headers: new Headers(), body: null };
}

async function serveManifest(
  npm: NpmOrigin,
  name: string,
  versionOrTag: string,
  pkg: HostedPackage,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const version = Object.hasOwn(pkg.tags, versionOrTag) ? pkg.tags[versionOrTag] : versionOrTag;
  const { metadata } = storesOf(origin);
  const record = version === undefined ? null : await findVersion(metadata, npm.route, name, version);
  if (record === null || version === undefined) return errorAnswer(404, `version not found: ${versionOrTag}`);
  const text = JSON.stringify(manifestOf(record, pkg, name, version, placeholderOrigin));
  return answerWith(documentOf(text), presented(npm, 'accept-encoding'), ask.stored);
}

async function serveTarball(
  npm: NpmOrigin,
  name: string,
  file: string,
  stored: Entry | null,
  origin: OriginDoor,
): Promise<Answer> {
  const { metadata, blobs } = storesOf(origin);
  const version = versionOfFile(name, file);
  const record = version === null ? null : await findVersion(metadata, npm.route, name, version);
  if (record === null) return errorAnswer(404, `Not found: ${name}/-/${file}`);
  const digest = reprDigestOf(record.integrity, undefined);
  if (digest === null)
    throw new MeridianError('internal', `The integrity of ${name}@${version} is not valid.`);
  const etag = etagOf(digest);
  if (stored?.etag === etag) return confirm(etag, { cacheControl: immutable });
  const blob = await blobs.open(record.blob);
  if (blob === null) throw new MeridianError('blob-damaged', `The tarball of ${name}@${version} is missing.`);
  const headers = new Headers({
    'content-type': 'application/octet-stream',
    'content-length': String(blob.sizeBytes),
    'cache-control': immutable,
    'last-modified': new Date(record.publishedMs).toUTCString(),
    'repr-digest': digest,
    etag,
  });
  // Nodes alone ask an origin, and all of them compare what they get.
  return { status: 200, headers, body: blob.body, file: blob.file };
}

async function serveAttestations(
  npm: NpmOrigin,
  name: string,
  version: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const { metadata } = storesOf(origin);
  const found = await metadata.get(attestationsKey(npm.route, name, version));
  if (found === null) return errorAnswer(404, `Not found: attestations of ${name}@${version}`);
  return answerWith(documentOf(JSON.stringify(found.value)), presented(npm), ask.stored);
}

/** The document as it is now, for a client that is about to change it. Whether he may read it has been asked. */
export async function serveForEdit(npm: NpmOrigin, name: string, origin: OriginDoor): Promise<Answer> {
  const { route, prefix, maxPackumentBytes: maxBytes } = npm;
  const share = npm.budget.share();
  try {
    const assembled = await assemble({
      ...{ reader: storesOf(origin).metadata, route, name, maxBytes, share },
      // npm takes no more than the path of a link when it deletes a tarball.
      base: `${placeholderOrigin.slice(0, -1)}${prefix}/`,
    });
    if (assembled === null) return jsonAnswer(404, { error: `Not found: ${name}` });
    const body = Buffer.concat(assembled.chunks.map((chunk) => new Uint8Array(chunk)));
    const headers = new Headers({
      'content-type': 'application/json',
      'content-length': String(body.byteLength),
      'cache-control': 'no-store',
    });
    return marked(assembled.found.package, { status: 200, headers, body });
  } finally {
    share.release();
  }
}
