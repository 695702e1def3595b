/**
 * What a protocol tells people of its packages: which there are, and one of them in full. In words that every ecosystem has, so that
 * whoever shows them need not know which one it is.
 */
import type { CacheKey, Resource } from './resource.ts';

/** `hosted`: it lives here. `cached`: it is another registry's, of which something is kept here. */
export const packageKinds = ['hosted', 'cached'] as const;
export type PackageKind = (typeof packageKinds)[number];

/** Who asks. */
export interface Reader {
  /** @param restricted it is for those only who have been given it by name. */
  mayRead(subject: string, restricted: boolean): boolean;
}

/** What the origin's cache has of the route, by its index alone. */
export interface Held {
  /** All whole answers that may be given to whoever may read the route; with a turn for everybody else after some. */
  all(): AsyncIterable<HeldAnswer>;
  /** `null`: it is not kept. */
  sizeBytes(resource: Resource): number | null;
  /** The entity tag of what is kept, however old it is; `null`: nothing is, or it has none. */
  etag(resource: Resource): string | null;
}

export interface HeldAnswer {
  readonly key: CacheKey;
  readonly sizeBytes: number;
  /** When it was fetched or confirmed, ms since the epoch. */
  readonly receivedMs: number;
}

export interface Search {
  /** Words in lower case, all of which have to be found; none: everything. */
  readonly words: readonly string[];
  /** `null`: all. */
  readonly kind: PackageKind | null;
  readonly limit: number;
  /** Where the page before has ended; `null`: this is the first. */
  readonly after: Rank | null;
}

/** A place in the order of results. */
export interface Rank {
  readonly score: number;
  readonly name: string;
  /** Whether what has this very place is still to come. */
  readonly isNext: boolean;
}

export interface FoundPackages {
  /** At most `limit`. */
  readonly packages: readonly FoundPackage[];
  /** How many there are on all pages. */
  readonly total: number;
}

/** Times are ms since the epoch; `null`, here and below, what is not known. */
export interface FoundPackage {
  readonly name: string;
  readonly score: number;
  readonly kind: PackageKind;
  readonly access: 'public' | 'restricted';
  readonly latest: string | null;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly publishedMs: number | null;
  readonly publisher: string | null;
  /** What the origin's cache has of it. */
  readonly cached: Amount;
}

/** Files of versions, and their bytes. */
export interface Amount {
  readonly versions: number;
  readonly bytes: number;
}

export interface Described {
  readonly name: string;
  readonly kind: PackageKind;
  readonly access: 'public' | 'restricted';
  readonly description: string;
  readonly licence: string | null;
  readonly keywords: readonly string[];
  /** Addresses begin with `https://` or `http://`. */
  readonly homepage: string | null;
  readonly repository: string | null;
  readonly maintainers: readonly Person[];
  readonly createdMs: number | null;
  readonly modifiedMs: number | null;
  /** Names of versions by tag. */
  readonly tags: Readonly<Record<string, string>>;
  /** The newest first, `mostVersions` at most. */
  readonly versions: readonly DescribedVersion[];
  /** How many there are, with those that are blocked. */
  readonly versionCount: number;
  /** As it was written: text in Markdown by whoever has published it, and nothing to trust. */
  readonly readme: string | null;
  readonly cached: Amount;
  /** Why none of it may be used; `null`: some may. */
  readonly blocked: Blocked | null;
  /** What stands against its being complete, for people; `null`: nothing. */
  readonly note: string | null;
  /** Of all of it; absent where that is not told apart. */
  readonly sizes?: Sizes | null;
}

/** Bytes as they are kept and sent, the same ones counted once. */
export interface Sizes {
  /** Of what nothing else has, as far as the reader may know. */
  readonly ownBytes: number;
  /** Of what other packages of the route have, too. */
  readonly sharedBytes: number;
}

/** Some of the versions of one package. */
export interface VersionPage {
  readonly versions: readonly DescribedVersion[];
  /** How many there are on all pages. */
  readonly total: number;
}

export interface Person {
  readonly name: string;
  readonly email: string | null;
}

export interface DescribedVersion {
  readonly version: string;
  readonly publishedMs: number | null;
  readonly publisher: string | null;
  /** Of its file. */
  readonly sizeBytes: number | null;
  /** Once it is unpacked. */
  readonly unpackedBytes: number | null;
  /** As lock files of the ecosystem write it. */
  readonly digest: string | null;
  /** What its publisher says against its use; `null`: nothing. */
  readonly deprecated: string | null;
  /** Withdrawn by its publisher: it can be had, and is not offered. */
  readonly yanked: boolean;
  /** By the route's policy. */
  readonly blocked: Blocked | null;
  /** How many it needs to be used. */
  readonly dependencies: number | null;
  /** Where its file is: `upstream` alone, or here for good, or in the origin's cache. */
  readonly kept: 'hosted' | 'mirrored' | 'cached' | 'upstream';
  /** Where versions are of several kinds. */
  readonly artifact?: ArtifactSummary;
}

export interface Blocked {
  readonly rules: readonly string[];
  /** Completes "lodash@4.17.20 …". */
  readonly why: string;
  /** When it no longer will be, ms since the epoch; `null`: not by itself. */
  readonly untilMs: number | null;
}

/*
 * One version of something that is made of parts, each under its digest: an image with its layers, an index of images, a chart, a signature.
 * Texts are what publishers have written, in UTF-8 and cut where they are long: nothing to trust.
 */

export const artifactKinds = [
  'image',
  'index',
  'chart',
  'signature',
  'attestation',
  'sbom',
  'artifact',
] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

export interface ArtifactSummary {
  readonly kind: ArtifactKind;
  /** A media type, as the publisher says it; `null`: he does not. */
  readonly artifactType: string | null;
  /** Of an index, as `linux/arm64/v8`, each once. */
  readonly platforms: readonly string[];
}

/** What a version is. */
export interface Artifact extends ArtifactSummary {
  readonly digest: string;
  readonly mediaType: string;
  /** Names that it has, some hundred at most. */
  readonly tags: readonly string[];
  /** What says what it is made of. */
  readonly manifestBytes: number;
  /** With all that it is made of, each once. */
  readonly sizeBytes: number | null;
  /** Of that. */
  readonly sizes: Sizes | null;
  readonly pushedMs: number | null;
  readonly publisher: string | null;
  readonly kept: PackageKind;
  readonly access: 'public' | 'restricted';
  /** Of an index. */
  readonly children: readonly ArtifactChild[];
  readonly config: ArtifactConfig | null;
  readonly layers: readonly ArtifactLayer[];
  readonly annotations: Texts;
  /** Digest of what it is about. */
  readonly subject: string | null;
  /** What is about it, some hundred at most. */
  readonly referrers: readonly ArtifactReferrer[];
  /** By the route's policy. */
  readonly blocked: Blocked | null;
  /** What stands against this being complete, for people. */
  readonly note: string | null;
}

/** By name, in the publisher's order. */
export type Texts = Readonly<Record<string, string>>;

/** One of the versions that an index holds. */
export interface ArtifactChild {
  readonly digest: string;
  readonly platform: string | null;
  readonly kind: ArtifactKind | null;
  /** With all that it is made of. */
  readonly sizeBytes: number | null;
  /** Whether it can be told of here. */
  readonly isHere: boolean;
}

export interface ArtifactConfig {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly platform: string | null;
  readonly createdMs: number | null;
  readonly author: string | null;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  /** Names alone: values may be secrets that somebody has left there. */
  readonly environment: readonly string[];
  readonly labels: Texts;
}

export interface ArtifactLayer {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** What has made it, or what its file is called. */
  readonly history: string | null;
  /** Whether another package of the route has it, as far as the reader may know. */
  readonly isShared: boolean | null;
}

export interface ArtifactReferrer {
  readonly digest: string;
  readonly kind: ArtifactKind;
  readonly artifactType: string | null;
  readonly sizeBytes: number;
  readonly annotations: Texts;
  /** By which it is found, where there is one. */
  readonly tag: string | null;
}

/** Of one package, in one answer. */
export const mostVersions = 1_000;

/** More than these are ignored. */
const mostWords = 16;

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, mostWords);
}

/** Lower-case text that words are looked for in. */
export interface Findable {
  readonly name: string;
  readonly description: string;
  readonly keywords: readonly string[];
}

/** Every word has to be found: in the name, among the keywords, or in the description, in this order of weight. 0: not all were. */
export function relevance({ name, description, keywords }: Findable, words: readonly string[]): number {
  let score = 1;
  for (const word of words) {
    const keyword = word.replace(/^keywords:/, '');
    const weight =
      (name === word ? 100 : name.includes(word) ? 10 : 0) +
      (keywords.includes(keyword) ? 5 : 0) +
      (description.includes(word) ? 1 : 0);
    if (weight === 0) return 0;
    score += weight;
  }
  return score;
}

type Place = Pick<Rank, 'score' | 'name'>;

/** Negative: `a` comes first. */
export function byRank(a: Place, b: Place): number {
  return b.score - a.score || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** The best of many, without sorting all of them. */
export function pageOf<Found extends Place>({ limit, after }: Pick<Search, 'limit' | 'after'>) {
  let total = 0;
  let best: Found[] = [];
  const cut = () => {
    best = best.sort(byRank).slice(0, limit);
  };
  return {
    add(found: Found): void {
      total++;
      if (after !== null) {
        const order = byRank(found, after);
        if (order < 0 || (order === 0 && !after.isNext)) return;
      }
      best.push(found);
      if (best.length >= 4 * limit) cut();
    },
    done(): { readonly found: readonly Found[]; readonly total: number } {
      cut();
      return { found: best, total };
    },
  };
}
