/**
 * What a client sends to `PUT /<name>`, read: either one version to publish, or the whole document as the client wants it to
 * be. It takes as long as the document is large, so a long one is read in the worker.
 */
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Owner } from './record.ts';

export interface Publication {
  readonly name: string;
  /** Of the document that the client has seen (`_rev`). */
  readonly revision: string | null;
  readonly access: 'public' | 'restricted' | null;
  readonly tags: Readonly<Record<string, string>> | null;
  /** Numbers of all versions in it; `null` when it says nothing of versions. */
  readonly versions: readonly string[] | null;
  /** Empty text: no longer deprecated. */
  readonly deprecated: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[] | null;
  /** It says who likes the package, which documents here do not (`npm star`, `pnpm star`). */
  readonly isStar: boolean;
  readonly readme: string | null;
  /** Of the only version, when something is attached. */
  readonly manifest: JsonObject | null;
  readonly attached: readonly Attached[];
}

export interface Attached {
  readonly file: string;
  /** Of the bytes, as the client says; `null` when it does not. */
  readonly length: number | null;
  /** `null` for a tarball, whose bytes have been taken out on the way. */
  readonly data: string | null;
}

/** A document that nobody can publish by. The message says what is wrong with it. */
export class NotAPublication extends Error {
  override readonly name = 'NotAPublication';
}

/** As much of a readme as npm keeps. */
const README_LENGTH = 64 * 1024;

export function readPublication(document: readonly ArrayBuffer[]): Publication {
  const body = parse(decode(document));
  // `npm owner` says the name in the way of CouchDB alone.
  const { _id, name = _id } = body;
  if (typeof name !== 'string') throw new NotAPublication('The document has no name.');
  const versions = optionalObject(body, 'versions');
  const attachments = optionalObject(body, '_attachments') ?? {};
  const attached = Object.entries(attachments).map(([file, value]) => readAttached(file, value));
  const manifests = Object.values(versions ?? {});
  const only = manifests.length === 1 ? manifests[0] : undefined;
  const manifest = attached.length > 0 && isObject(only) ? only : null;
  return {
    name,
    revision: textIn(body, '_rev'),
    access: accessIn(body),
    tags: tagsIn(body),
    versions: versions && Object.keys(versions),
    deprecated: deprecatedIn(versions ?? {}),
    owners: ownersIn(body),
    isStar: optionalObject(body, 'users') !== null,
    readme:
      (textIn(body, 'readme') ?? (manifest && textIn(manifest, 'readme')))?.slice(0, README_LENGTH) ?? null,
    manifest,
    attached,
  };
}

function readAttached(file: string, value: Json | undefined): Attached {
  if (!isObject(value)) throw new NotAPublication(`The attachment ${file} is not an object.`);
  const { length, data } = value;
  const isTaken = file.endsWith('.tgz');
  if (!isTaken && typeof data !== 'string') throw new NotAPublication(`The attachment ${file} has no data.`);
  return {
    file,
    length: typeof length === 'number' ? length : null,
    data: isTaken || typeof data !== 'string' ? null : data,
  };
}

function accessIn(body: JsonObject): Publication['access'] {
  const { access } = body;
  if (access === undefined || access === null) return null;
  if (access === 'public' || access === 'restricted') return access;
  if (access === 'private') return 'restricted';
  throw new NotAPublication('`access` is neither public nor restricted.');
}

function tagsIn(body: JsonObject): Publication['tags'] {
  const tags = optionalObject(body, 'dist-tags');
  if (tags === null) return null;
  return Object.fromEntries(
    Object.entries(tags).map(([tag, version]) => {
      if (typeof version === 'string') return [tag, version];
      throw new NotAPublication(`The tag ${tag} is not a version.`);
    }),
  );
}

function deprecatedIn(versions: JsonObject): Record<string, string> {
  const found: [string, string][] = [];
  for (const [version, manifest] of Object.entries(versions)) {
    const message = isObject(manifest) ? manifest['deprecated'] : undefined;
    if (typeof message === 'string') found.push([version, message]);
  }
  return Object.fromEntries(found);
}

function ownersIn(body: JsonObject): Publication['owners'] {
  const { maintainers } = body;
  if (!Array.isArray(maintainers)) return null;
  return maintainers.map((each: Json): Owner => {
    const name = isObject(each) ? textIn(each, 'name') : null;
    if (!isObject(each) || name === null) throw new NotAPublication('A maintainer has no name.');
    const email = textIn(each, 'email');
    return email === null ? { name } : { name, email };
  });
}

function textIn(object: JsonObject, field: string): string | null {
  const value = object[field];
  return typeof value === 'string' ? value : null;
}

function optionalObject(body: JsonObject, field: string): JsonObject | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new NotAPublication(`\`${field}\` is not an object.`);
  return value;
}

function decode(document: readonly ArrayBuffer[]): string {
  try {
    const bytes = Buffer.concat(document.map((chunk) => new Uint8Array(chunk)));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NotAPublication('The document is not UTF-8.', { cause });
  }
}

function parse(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new NotAPublication('The document is not JSON.', { cause });
  }
  if (!isObject(value)) throw new NotAPublication('The document is not a JSON object.');
  return value;
}
