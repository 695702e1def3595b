/**
 * What Meridian makes of an upstream's packument: one canonical document per form, the same bytes at every
 * tier and in every PoP, with tarball links that a PoP finds and replaces without parsing; and the index,
 * which remembers where those links led. What the route's policy hides is taken out here.
 *
 * Pure functions. They take as long as the document is large, so they run in `packument.worker.ts`.
 */

import type { Facts, Terms } from '../registry/policy/terms.ts';
import { bareObject, isObject, type Json, type JsonObject } from './json.ts';
import type { VersionDigests } from './outlines.ts';
import { enforce, factsOf } from './policy/enforce.ts';
import { TarballIndex } from './tarball-index.ts';

/** Stands in canonical documents where a PoP writes the address that its client used (RFC 2606 §2). */
export const placeholderOrigin = 'http://meridian.invalid/';

/** Where the provenance of a version is, below the address of a registry. */
export const ATTESTATIONS = '-/npm/v1/attestations/';

export interface Derived {
  readonly abbreviated: string;
  /** `null` when it was not asked for. */
  readonly full: string | null;
  readonly index: string;
  /** What they were made of, without what is hidden. */
  readonly packument: JsonObject;
  readonly tags: ReadonlyMap<string, string>;
  /** Digests of each manifest. */
  readonly versions: ReadonlyMap<string, VersionDigests>;
  readonly ruling: Ruling;
}

/** What the policy has made of the document besides. */
export interface Ruling {
  /** When the same terms lead to another document, ms since the epoch; `null`: never. */
  readonly changesAtMs: number | null;
  /** Why there is nothing to install; `null` where there is something. */
  readonly nothingLeft: string | null;
}

/** What a route asks of a package, and the time by which that is judged. */
export interface Enforcement {
  readonly terms: Terms;
  /** ms since the epoch. */
  readonly nowMs: number;
}

/** A document that is no packument of this package. The message says what is wrong with it. */
export class NotAPackument extends Error {
  override readonly name = 'NotAPackument';
}

export interface Derivation {
  /** The package that was asked for. */
  readonly name: string;
  /** What relative tarball links are relative to. */
  readonly remoteUrl: string;
  readonly withFull: boolean;
  /** The text is the abbreviated form. */
  readonly isAbbreviated?: boolean;
  /** `null`: nothing is asked of its versions. */
  readonly policy: Enforcement | null;
}

/** @param text JSON as the upstream sent it, in either form. */
export function derivePackument(
  text: string,
  { name, remoteUrl, withFull, policy, isAbbreviated = false }: Derivation,
): Derived {
  const packument = parsePackument(text);
  if (packument['name'] !== name) {
    throw new NotAPackument('The document is about another package than the one that was asked for.');
  }
  const versions = objectAt(packument, 'versions');
  const ruling = ruleOn(packument, name, policy);
  const tags = objectAt(packument, 'dist-tags');
  const index = new TarballIndex(name, remoteUrl);
  const short = bareObject();
  const digests = new Map<string, VersionDigests>();
  for (const [version, manifest] of Object.entries(versions)) {
    if (!isObject(manifest)) throw new NotAPackument('A version of the document is not an object.');
    const dist = manifest['dist'];
    const hidden = ruling.hidden.get(version);
    if (hidden !== undefined) {
      delete versions[version];
      index.hide(hidden, isObject(dist) ? dist : bareObject());
      continue;
    }
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
    packument,
    tags: new Map(Object.entries(tags).map(([tag, version]) => [tag, String(version)])),
    versions: digests,
    ruling: { changesAtMs: ruling.changesAtMs, nothingLeft: ruling.nothingLeft },
  };
}

const nothingHidden = { hidden: new Map<string, never>(), changesAtMs: null, nothingLeft: null };

/** Takes what the policy hides out of the document, but for the versions themselves. */
function ruleOn(packument: JsonObject, name: string, policy: Enforcement | null) {
  if (policy === null) return nothingHidden;
  const versions = objectAt(packument, 'versions');
  const tags = objectAt(packument, 'dist-tags');
  const { time } = packument;
  const ruling = enforce({ name, versions, tags, time }, policy.terms, policy.nowMs);
  if (ruling.hidden.size === 0) return ruling;
  packument['dist-tags'] = ruling.tags;
  if (isObject(time)) for (const version of ruling.hidden.keys()) delete time[version];
  return ruling;
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
  const packument = parsePackument(text);
  const versions = objectAt(packument, 'versions');
  const tags = objectAt(packument, 'dist-tags');
  const tagged = Object.hasOwn(tags, versionOrTag) ? tags[versionOrTag] : undefined;
  const version = Object.hasOwn(versions, versionOrTag) ? versionOrTag : tagged;
  if (typeof version !== 'string' || !Object.hasOwn(versions, version)) return null;
  return JSON.stringify(versions[version]);
}

/** What a canonical document in its full form says of a version that the policy has left in it. */
export function selectFacts(text: string, version: string): Facts | null {
  const packument = parsePackument(text);
  const versions = objectAt(packument, 'versions');
  if (!Object.hasOwn(versions, version)) return null;
  return factsOf(version, versions[version], packument['time']);
}

export function selectTags(text: string): string {
  return JSON.stringify(objectAt(parsePackument(text), 'dist-tags'));
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

/** Without one, it is not known when that is. */
const zone = /(?:Z|[+-]\d\d:?\d\d)$/;

/**
 * Where a registry does not say when a package was changed, as some mirrors do not: when its newest version came. pnpm reads the whole document of each
 * package that does not tell, to find out what is too new for it.
 *
 * @returns `undefined`: nobody knows.
 */
export function modifiedOf(packument: JsonObject): string | undefined {
  const { time } = packument;
  const stated = (isObject(time) ? time['modified'] : undefined) ?? packument['modified'];
  if (typeof stated === 'string') return stated;
  if (!isObject(time)) return undefined;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const version of Object.keys(objectAt(packument, 'versions'))) {
    const at = Object.hasOwn(time, version) ? time[version] : undefined;
    const ms = typeof at === 'string' && zone.test(at) ? Date.parse(at) : Number.NaN;
    if (Number.isNaN(ms)) return undefined;
    newestMs = Math.max(newestMs, ms);
  }
  return newestMs > 0 ? new Date(newestMs).toISOString() : undefined;
}

export function parsePackument(text: string): JsonObject {
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
