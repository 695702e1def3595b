/**
 * The index of a package: one line per file, `<file> <upstream URL> <Repr-Digest member or hyphen>`. Lines rather than JSON, so that a
 * file is found in it without parsing thousands of others. Of versions that the policy hides it says which they are, and has no URLs:
 * `=<version> <published, ms since the epoch, or hyphen> <provenance or hyphen>`.
 */

import type { Facts } from '../registry/policy/terms.ts';
import { reprDigestOf } from './integrity.ts';
import type { Json, JsonObject } from './json.ts';
import { bareName, isTarballFile } from './path.ts';

/** No file begins like this. */
const HIDDEN = '=';
/** In place of a URL. */
const hiddenScheme = 'hidden:';

export class TarballIndex {
  readonly #name: string;
  readonly #remoteUrl: string;
  readonly #urls = new Map<string, string>();
  readonly #digests = new Map<string, string>();
  /** Second names of files, given to those who ask unless they turn out to be a file of their own. */
  readonly #aliases = new Map<string, string>();
  readonly #hidden: Facts[] = [];

  constructor(name: string, remoteUrl: string) {
    this.#name = name;
    this.#remoteUrl = remoteUrl;
  }

  /**
   * Names the file of a version. The upstream's own name for it is kept, because lock files hold it, unless
   * it does not tell versions apart (`…/1.0.0/package.tgz`); then it gets the name that npm would give it.
   */
  add(version: string, dist: JsonObject): string {
    const conventional = `${bareName(this.#name)}-${version}.tgz`;
    const url = absoluteUrl(dist['tarball'], `${this.#remoteUrl}/`);
    if (url === null || !isTarballFile(conventional)) return conventional;
    const upstreamFile = fileOf(url);
    const names = upstreamFile?.includes(version) ? [upstreamFile, conventional] : [conventional];
    const taken = (name: string) => (this.#urls.get(name) ?? url.href) !== url.href;
    const file = names.find((each) => !taken(each)) ?? `${Bun.hash(url.href).toString(36)}-${conventional}`;
    this.#urls.set(file, url.href);
    this.#digests.set(file, reprDigestOf(dist['integrity'], dist['shasum']) ?? '-');
    // Clients that lock versions without addresses ask by npm's naming; older locks have the upstream's.
    this.#aliases.set(conventional, file);
    if (upstreamFile !== null && !this.#aliases.has(upstreamFile)) this.#aliases.set(upstreamFile, file);
    return file;
  }

  /** The same for a version that the policy hides: who asks for its file learns which version that would be. */
  hide(facts: Facts, dist: JsonObject): void {
    this.#hidden.push(facts);
    const before = this.#urls.size;
    const file = this.add(facts.version, dist);
    // A file that a version which may be used has as well stays what it is.
    if (this.#urls.size > before) this.#urls.set(file, hiddenScheme + facts.version);
  }

  text(): string {
    const lines = ['meridian-index'];
    for (const { version, publishedMs, hasProvenance } of this.#hidden) {
      lines.push(`${HIDDEN}${version} ${publishedMs ?? '-'} ${hasProvenance ? 'provenance' : '-'}`);
    }
    for (const [file, url] of this.#urls) lines.push(`${file} ${url} ${this.#digests.get(file)}`);
    for (const [alias, file] of this.#aliases) {
      if (!this.#urls.has(alias)) lines.push(`${alias} ${this.#urls.get(file)} ${this.#digests.get(file)}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

export interface IndexedFile {
  readonly url: string;
  /** `Repr-Digest` member, or `null` where the upstream gives no digest. */
  readonly digest: string | null;
}

/** A file of a version that the policy hides. */
export interface HiddenFile {
  readonly hidden: Facts;
}

export function findInIndex(index: Uint8Array, file: string): IndexedFile | HiddenFile | null {
  const [url, digest] = lineOf(index, file) ?? [];
  if (url === undefined || digest === undefined) return null;
  if (!url.startsWith(hiddenScheme)) return { url, digest: digest === '-' ? null : digest };
  const hidden = hiddenInIndex(index, url.slice(hiddenScheme.length));
  return hidden && { hidden };
}

/** What is known of a version that the policy hides; `null` for any other. */
export function hiddenInIndex(index: Uint8Array, version: string): Facts | null {
  const [published, provenance] = lineOf(index, HIDDEN + version) ?? [];
  if (published === undefined) return null;
  return {
    version,
    publishedMs: published === '-' ? null : Number(published),
    hasProvenance: provenance === 'provenance',
  };
}

/** All of them, in the order of the document. */
export function allHiddenInIndex(index: Uint8Array): readonly Facts[] {
  const found: Facts[] = [];
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  // They stand first.
  for (let at = bytes.indexOf('\n'); bytes[at + 1] === HIDDEN.charCodeAt(0); ) {
    const end = bytes.indexOf('\n', at + 1);
    const facts = hiddenInIndex(index, bytes.toString('utf8', at + 2, bytes.indexOf(' ', at + 2)));
    if (facts !== null) found.push(facts);
    at = end;
  }
  return found;
}

/** The words behind the first one. */
function lineOf(index: Uint8Array, first: string): readonly string[] | null {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  const at = bytes.indexOf(`\n${first} `);
  if (at < 0) return null;
  const end = bytes.indexOf('\n', at + 1);
  return bytes
    .toString('utf8', at + 1, end)
    .split(' ')
    .slice(1);
}

function absoluteUrl(tarball: Json | undefined, base: string): URL | null {
  if (typeof tarball !== 'string') return null;
  const url = URL.parse(tarball, base);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : null;
}

function fileOf(url: URL): string | null {
  const file = url.pathname.slice(url.pathname.lastIndexOf('/') + 1).replaceAll(/%2b/gi, '+');
  return isTarballFile(file) ? file : null;
}
