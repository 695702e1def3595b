/**
 * What Meridian makes of an upstream's packument: one canonical document per form, the same bytes at every
 * tier and in every PoP, with tarball links that a PoP finds and replaces without parsing; and the index,
 * which remembers where those links led.
 *
 * Pure functions. They take as long as the document is large, so they run in `packument.worker.ts`.
 */
import { reprDigestOf } from './integrity.ts';
import type { VersionDigests } from './outlines.ts';
import { bareName, isTarballFile } from './path.ts';

/** Stands in canonical documents where a PoP writes the address that its client used (RFC 2606 §2). */
export const placeholderOrigin = 'http://meridian.invalid/';

/** Where the provenance of a version is, below the address of a registry. */
export const ATTESTATIONS = '-/npm/v1/attestations/';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

export interface Derived {
  readonly abbreviated: string;
  /** `null` when it was not asked for. */
  readonly full: string | null;
  readonly index: string;
  readonly tags: ReadonlyMap<string, string>;
  /** Digests of each manifest. */
  readonly versions: ReadonlyMap<string, VersionDigests>;
}

/** A document that is no packument of this package. The message says what is wrong with it. */
export class NotAPackument extends Error {
  override readonly name = 'NotAPackument';
}

export interface Wanted {
  /** The package that was asked for. */
  readonly name: string;
  /** What relative tarball links are relative to. */
  readonly remoteUrl: string;
  readonly withFull: boolean;
  /** The text is the abbreviated form. */
  readonly isAbbreviated?: boolean;
}

/** @param text JSON as the upstream sent it, in either form. */
export function derivePackument(
  text: string,
  { name, remoteUrl, withFull, isAbbreviated = false }: Wanted,
): Derived {
  const packument = parse(text);
  if (packument['name'] !== name) {
    throw new NotAPackument('The document is about another package than the one that was asked for.');
  }
  const versions = objectAt(packument, 'versions');
  const tags = objectAt(packument, 'dist-tags');
  const index = new Index(name, remoteUrl);
  const short = bareObject();
  const digests = new Map<string, VersionDigests>();
  for (const [version, manifest] of Object.entries(versions)) {
    if (!isObject(manifest)) throw new NotAPackument('A version of the document is not an object.');
    const dist = manifest['dist'];
    if (isObject(dist)) linkHere(dist, name, version, index.add(version, dist));
    const bare = abbreviate(manifest);
    short[version] = bare;
    digests.set(version, [isAbbreviated ? null : digestOf(manifest), digestOf(bare)]);
  }
  return {
    abbreviated: JSON.stringify({
      name,
      modified: modifiedOf(packument),
      'dist-tags': tags,
      versions: short,
    }),
    full: withFull ? JSON.stringify(packument) : null,
    index: index.text(),
    tags: new Map(Object.entries(tags).map(([tag, version]) => [tag, String(version)])),
    versions: digests,
  };
}

/**
 * Everything that a client fetches of a version is fetched through the network. npm asks for attestations at the path of
 * their link, so without it they would be looked for outside of the route.
 */
function linkHere(dist: JsonObject, name: string, version: string, file: string): void {
  dist['tarball'] = `${placeholderOrigin}${name}/-/${file}`;
  const attestations = dist['attestations'];
  if (!isObject(attestations) || typeof attestations['url'] !== 'string') return;
  attestations['url'] = attestationsUrl(name, version);
}

export function attestationsUrl(name: string, version: string): string {
  return `${placeholderOrigin}${ATTESTATIONS}${name.replace('/', '%2f')}@${version}`;
}

/** Tells two manifests apart. */
function digestOf(manifest: JsonObject): string {
  return Bun.hash.xxHash64(JSON.stringify(manifest)).toString(36);
}

/** The manifest of one version, which may be given as a tag, out of a canonical document. */
export function selectVersion(text: string, versionOrTag: string): string | null {
  const packument = parse(text);
  const versions = objectAt(packument, 'versions');
  const tags = objectAt(packument, 'dist-tags');
  const tagged = Object.hasOwn(tags, versionOrTag) ? tags[versionOrTag] : undefined;
  const version = Object.hasOwn(versions, versionOrTag) ? versionOrTag : tagged;
  if (typeof version !== 'string' || !Object.hasOwn(versions, version)) return null;
  return JSON.stringify(versions[version]);
}

export function selectTags(text: string): string {
  return JSON.stringify(objectAt(parse(text), 'dist-tags'));
}

/** A version's fields in the abbreviated form, as npm documents them. */
const abbreviatedFields = [
  'name',
  'version',
  'deprecated',
  'dependencies',
  'acceptDependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bin',
  'directories',
  'dist',
  'engines',
  '_hasShrinkwrap',
  'hasInstallScript',
  'funding',
  'cpu',
  'os',
] as const;

function abbreviate(manifest: JsonObject): JsonObject {
  const short = bareObject();
  for (const field of abbreviatedFields) {
    const value = manifest[field];
    if (value !== undefined) short[field] = value;
  }
  // Older publishers wrote the other spelling; installers of the abbreviated form look for this one.
  const bundled = manifest['bundledDependencies'];
  if (bundled !== undefined && short['bundleDependencies'] === undefined)
    short['bundleDependencies'] = bundled;
  if (short['hasInstallScript'] === undefined && hasInstallScript(manifest['scripts'])) {
    short['hasInstallScript'] = true;
  }
  return short;
}

function hasInstallScript(scripts: Json | undefined): boolean {
  if (!isObject(scripts)) return false;
  return ['preinstall', 'install', 'postinstall'].some((script) => typeof scripts[script] === 'string');
}

function modifiedOf(packument: JsonObject): string | undefined {
  const time = packument['time'];
  const modified = (isObject(time) ? time['modified'] : undefined) ?? packument['modified'];
  return typeof modified === 'string' ? modified : undefined;
}

/**
 * The index of a package: one line per file, `<file> <upstream URL> <Repr-Digest member or hyphen>`.
 * Lines rather than JSON, so that a file is found in it without parsing thousands of others.
 */
class Index {
  readonly #name: string;
  readonly #remoteUrl: string;
  readonly #urls = new Map<string, string>();
  readonly #digests = new Map<string, string>();
  /** Second names of files, given to those who ask unless they turn out to be a file of their own. */
  readonly #aliases = new Map<string, string>();

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

  text(): string {
    const lines = ['meridian-index'];
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

export function findInIndex(index: Uint8Array, file: string): IndexedFile | null {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  const at = bytes.indexOf(`\n${file} `);
  if (at < 0) return null;
  const end = bytes.indexOf('\n', at + 1);
  const [, url, digest] = bytes.toString('utf8', at + 1, end).split(' ');
  if (url === undefined || digest === undefined) return null;
  return { url, digest: digest === '-' ? null : digest };
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

function parse(text: string): JsonObject {
  const document = parseJson(text);
  if (!isObject(document)) throw new NotAPackument('The document is not a JSON object.');
  return document;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new NotAPackument('The document is not JSON.', { cause });
  }
}

/** Absent counts as empty: a package all of whose versions were unpublished has neither versions nor tags. */
function objectAt(packument: JsonObject, field: string): JsonObject {
  const value = packument[field] ?? {};
  if (!isObject(value)) throw new NotAPackument(`The document's ${field} is not an object.`);
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a name like `__proto__` in a document is a field like any other. */
function bareObject(): JsonObject {
  return Object.create(null) as JsonObject;
}
