/**
 * What an installer chooses from: a package's versions with what each of them needs, without all that only matters once one is chosen. Made of the
 * canonical document by the worker, kept by the origin beside it. Versions that need the same, as most neighbours do, share it.
 */
import type { Document } from '../canonical.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { modifiedOf, placeholderOrigin } from '../packument.ts';
import { bareName } from '../path.ts';

type Ranges = Readonly<Record<string, string>>;

/** What a version asks of its surroundings. Absent: nothing. */
export interface Needs {
  readonly dependencies?: Ranges;
  readonly optional?: Ranges;
  /** Without those that need not be there. */
  readonly peers?: Ranges;
  /** Those. */
  readonly optionalPeers?: Ranges;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  /** Range of Node.js. */
  readonly node?: string;
}

/** Number in `needs`; length unpacked, 0 where it is not known; whether it is deprecated; its file where that is not called as npm would call it. */
export type Choice = readonly [
  version: string,
  needs: number,
  bytes: number,
  deprecated: 0 | 1,
  file?: string,
];

export interface Choices {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** When there was something new in the document, ms since the epoch; `null`: it does not say. */
  readonly modifiedMs: number | null;
  readonly needs: readonly Needs[];
  /** The highest first. */
  readonly versions: readonly Choice[];
}

/** Made along with a document that has just come from the upstream. */
export interface FreshChoices {
  readonly document: Document;
  /** See `originalOf`. */
  readonly madeOf: string;
  /** That the document came with. */
  readonly head: Headers;
}

/** Pre-releases that are kept of one release, the highest: before it has come, and after. */
const mostPrereleases = { before: 16, after: 4 };

/** @param packument a canonical document, in either form. */
export function makeChoices(packument: JsonObject): string {
  const name = String(packument['name']);
  const tags = stringsOf(packument['dist-tags']) ?? {};
  const found = isObject(packument['versions']) ? packument['versions'] : {};
  const needs: Needs[] = [];
  const known = new Map<string, number>();
  const versions = worthKeeping(Object.keys(found), new Set(Object.values(tags))).map((version): Choice => {
    const manifest = found[version];
    const { need, bytes, deprecated, file } = readManifest(isObject(manifest) ? manifest : {}, name, version);
    const id = JSON.stringify(need);
    let at = known.get(id);
    if (at === undefined) {
      at = needs.push(need) - 1;
      known.set(id, at);
    }
    return file === null ? [version, at, bytes, deprecated] : [version, at, bytes, deprecated, file];
  });
  const modifiedMs = Date.parse(modifiedOf(packument) ?? '');
  const choices: Choices = {
    ...{ name, tags, needs, versions },
    modifiedMs: Number.isNaN(modifiedMs) ? null : modifiedMs,
  };
  return JSON.stringify(choices);
}

/** @param bytes as `makeChoices` has made them. */
export function readChoices(bytes: Uint8Array): Choices {
  return JSON.parse(new TextDecoder().decode(bytes)) as Choices;
}

export function fileOf({ name }: Pick<Choices, 'name'>, [version, , , , file]: Choice): string {
  return file ?? conventionalFile(name, version);
}

export function conventionalFile(name: string, version: string): string {
  return `${bareName(name)}-${version}.tgz`;
}

const numbers = /^(\d+\.\d+\.\d+)(-?)/;

/** The highest first, without most of the pre-releases: they are most of the versions of some packages, and hardly anybody's choice. */
function worthKeeping(versions: readonly string[], tagged: ReadonlySet<string>): readonly string[] {
  const valid = versions.filter((version) => numbers.test(version));
  const sorted = valid.toSorted((a, b) => Bun.semver.order(b, a));
  const released = new Set(sorted.filter((version) => !version.includes('-')));
  const kept = new Map<string, number>();
  return sorted.filter((version) => {
    const [, release = '', dash] = numbers.exec(version) ?? [];
    if (dash === '' || tagged.has(version)) return true;
    const count = kept.get(release) ?? 0;
    kept.set(release, count + 1);
    return count < (released.has(release) ? mostPrereleases.after : mostPrereleases.before);
  });
}

function readManifest(manifest: JsonObject, name: string, version: string) {
  const dist = isObject(manifest['dist']) ? manifest['dist'] : {};
  const size = dist['unpackedSize'];
  return {
    need: needsOf(manifest),
    bytes: typeof size === 'number' ? size : 0,
    deprecated: isDeprecated(manifest['deprecated']) ? (1 as const) : (0 as const),
    file: unusualFile(dist['tarball'], name, version),
  };
}

/** An empty sentence takes it back. */
function isDeprecated(value: Json | undefined): boolean {
  return value === true || (typeof value === 'string' && value !== '');
}

function unusualFile(link: Json | undefined, name: string, version: string): string | null {
  const opening = `${placeholderOrigin}${name}/-/`;
  if (typeof link !== 'string' || !link.startsWith(opening)) return null;
  const file = link.slice(opening.length);
  return file === conventionalFile(name, version) ? null : file;
}

function needsOf(manifest: JsonObject): Needs {
  const bundled = new Set(listOf(manifest['bundleDependencies'] ?? manifest['bundledDependencies']) ?? []);
  const isBundled = manifest['bundleDependencies'] === true;
  const optional = isBundled ? {} : (stringsOf(manifest['optionalDependencies']) ?? {});
  const all = isBundled ? {} : (stringsOf(manifest['dependencies']) ?? {});
  const meta = isObject(manifest['peerDependenciesMeta']) ? manifest['peerDependenciesMeta'] : {};
  const isNeeded = (peer: string) => !isObject(meta[peer]) || meta[peer]['optional'] !== true;
  const peers = stringsOf(manifest['peerDependencies']) ?? {};
  const engines = stringsOf(manifest['engines']);
  return {
    // What is in both may be missing.
    ...some('dependencies', all, (each) => !bundled.has(each) && !Object.hasOwn(optional, each)),
    ...some('optional', optional, (each) => !bundled.has(each)),
    ...some('peers', peers, isNeeded),
    ...some('optionalPeers', peers, (each) => !isNeeded(each)),
    ...named('os', listOf(manifest['os'])),
    ...named('cpu', listOf(manifest['cpu'])),
    ...named('libc', listOf(manifest['libc'])),
    ...(engines?.['node'] !== undefined && { node: engines['node'] }),
  };
}

function some(word: string, ranges: Ranges, isKept: (name: string) => boolean): Record<string, Ranges> {
  const kept = Object.entries(ranges).filter(([name]) => isKept(name));
  return kept.length === 0 ? {} : { [word]: Object.fromEntries(kept) };
}

function named(word: string, list: readonly string[] | null): Record<string, readonly string[]> {
  return list === null || list.length === 0 ? {} : { [word]: list };
}

function stringsOf(value: Json | undefined): Ranges | null {
  if (!isObject(value)) return null;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function listOf(value: Json | undefined): readonly string[] | null {
  const list = typeof value === 'string' ? [value] : value;
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : null;
}
