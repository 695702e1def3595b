/**
 * What cargo's resolver knows of a crate: an index, read no further than somebody wants to know of it, as one index may have megabytes. What was
 * read is remembered for as long as the index is the same.
 */
import { z } from 'zod';
import { memoise } from '../../http/memo.ts';
import { versions } from './version.ts';

export interface Dependency {
  /** What features call it. */
  readonly alias: string;
  readonly name: string;
  readonly range: string;
  readonly optional: boolean;
  readonly defaultFeatures: boolean;
  readonly features: readonly string[];
  /** A triple or a `cfg()`; `null`: everywhere. */
  readonly target: string | null;
}

export interface Release {
  readonly version: string;
  readonly yanked: boolean;
  /** ms since the epoch; `null`: the index does not say it. */
  readonly publishedMs: number | null;
  /** The oldest compiler that does, such as `1.70`; `null`: any. */
  readonly rust: string | null;
  /** What each feature enables. */
  readonly features: Readonly<Record<string, readonly string[]>>;
  /** Those that matter to whoever depends on it. */
  readonly dependencies: readonly Dependency[];
}

export interface Releases {
  /** The highest first. */
  readonly versions: readonly string[];
  /** `null`: it cannot be read, as cargo would not read it either. */
  release(version: string): Release | null;
}

const texts = z.array(z.string());
const line = z.object({
  vers: z.string(),
  yanked: z.boolean().nullish(),
  pubtime: z.string().nullish(),
  rust_version: z.string().nullish(),
  features: z.record(z.string(), texts).nullish(),
  features2: z.record(z.string(), texts).nullish(),
  deps: z.array(
    z.object({
      ...{ name: z.string(), req: z.string(), features: texts.nullish() },
      ...{ optional: z.boolean().nullish(), default_features: z.boolean().nullish() },
      ...{ target: z.string().nullish(), kind: z.string().nullish() },
      ...{ registry: z.string().nullish(), package: z.string().nullish() },
    }),
  ),
});

/** Of a line, where it mostly says its version; in bytes. */
const headBytes = 256;
/** Of one index that are kept. */
const mostRead = 8;

interface Index {
  readonly versions: readonly string[];
  /** First and last byte of the line of each version. */
  readonly lines: ReadonlyMap<string, readonly [start: number, end: number]>;
  readonly read: Map<string, Release | null>;
}

/** @returns what reads indexes. Of lines that are none, nothing is told. */
export function releaseReader(): (name: string, bytes: Uint8Array) => Releases {
  const indexOf = memoise((_: string, bytes: Uint8Array) => readIndex(bytes));
  return (name, bytes) => {
    const index = indexOf(`${name} ${bytes.byteLength} ${Bun.hash(bytes)}`, bytes);
    return {
      versions: index.versions,
      release(version) {
        const known = index.read.get(version);
        if (known !== undefined) return known;
        const [start, end] = index.lines.get(version) ?? [0, 0];
        const release = readRelease(textOf(bytes, start, end));
        if (index.read.size >= mostRead) index.read.clear();
        index.read.set(version, release);
        return release;
      },
    };
  };
}

function readIndex(bytes: Uint8Array): Index {
  const lines = new Map<string, readonly [number, number]>();
  for (let start = 0; start < bytes.byteLength; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.byteLength : found;
    const version = versionIn(bytes, start, end);
    if (version !== null) lines.set(version, [start, end]);
    start = end + 1;
  }
  return {
    versions: [...lines.keys()].sort((a, b) => Bun.semver.order(b, a)),
    lines,
    read: new Map(),
  };
}

function versionIn(bytes: Uint8Array, start: number, end: number): string | null {
  const [, soon] =
    /^\{"name":"[^"]*","vers":"([^"\\]+)"/.exec(textOf(bytes, start, Math.min(end, start + headBytes))) ?? [];
  const version = soon ?? readRelease(textOf(bytes, start, end))?.version;
  return version !== undefined && versions.isVersion(version) ? version : null;
}

function readRelease(text: string): Release | null {
  const { data } = line.safeParse(parsed(text));
  if (data === undefined) return null;
  const publishedMs = Date.parse(data.pubtime ?? '');
  return {
    version: data.vers,
    yanked: data.yanked === true,
    publishedMs: Number.isNaN(publishedMs) ? null : publishedMs,
    rust: data.rust_version ?? null,
    features: { ...data.features, ...data.features2 },
    dependencies: data.deps
      .filter(({ kind, registry }) => kind !== 'dev' && isReplaced(registry ?? null))
      .map((dep) => ({
        alias: dep.name,
        name: dep.package ?? dep.name,
        range: dep.req,
        optional: dep.optional === true,
        defaultFeatures: dep.default_features !== false,
        features: dep.features ?? [],
        target: dep.target ?? null,
      })),
  };
}

/** From the same registry, or from the one whose place a route takes. */
function isReplaced(registry: string | null): boolean {
  return (
    registry === null ||
    /^(?:sparse\+)?https:\/\/(?:github\.com\/rust-lang\/crates\.io-index|index\.crates\.io)\/?$/.test(
      registry,
    )
  );
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no JSON: a line that cargo would not read either
  }
}
