/**
 * What clients ask a PoP for most, and who asks: packages and tokens, by route, in a fixed space, since the day (UTC) began.
 *
 * A plain hit in memory only adds one to a number beside the head that it is answered with (`Served`); those are gathered once
 * in a while. Everything else is counted as it comes. Where everybody may read, nobody looks at tokens: there, one hit of some
 * sixteen is looked at for the others, at distances that no pattern of requests is in step with. So packages are counted one by
 * one, and a token that had `n` hits on such routes comes out wrong by some `4 * √n`.
 */
import {
  dayOf,
  downloadName,
  type Kind,
  longestName,
  mostNames,
  mostRoutes,
  type TopLine,
  type TopList,
} from './report.ts';
import { type Amounts, type SpaceSaving, spaceSaving } from './space-saving.ts';

/** Something that is answered from memory, again and again. */
export interface Served {
  /** Hits that have not been gathered yet. */
  hits: number;
}

/** What a request is about. */
export interface Subject {
  readonly route: string;
  /** Absent: of no package. */
  readonly name?: string | undefined;
  /** It is the thing itself, and not something about it. */
  readonly isDownload: boolean;
}

export interface Popularity {
  /** One request. @param token who asks; `null`: nobody who is known. @param bytes of its answer's body. */
  count(subject: Subject, token: string | null, bytes: number): void;
  /** Hits begin to be counted there. Each answer has this many bytes. */
  serve(served: Served, subject: Subject, bytes: number): void;
  /** Whoever has a token has had so many of the hits that are counted elsewhere. */
  name(subject: Subject, token: string, bytes: number, hits: number): void;
  /** Whether this hit is to be looked at, for `hitsPerLook`. */
  looks(): boolean;
  /** Of the day that this belongs to; the last of a day is told once that day is over. */
  read(nowMs: number): Told;
}

export interface Told extends Readonly<Record<Kind, TopList>> {
  readonly dayMs: number;
}

export const hitsPerLook = 16;
/** What is counted of those who are not known. */
export const anonymous = 'anonymous';

const counters = { package: 1024, token: 256, download: 128 } as const;
/** Heads with hits: gathered when there are so many, or when somebody reads. */
const mostServed = 4096;
/** Of a route in the list, whatever others are asked for more. */
const fewestOfRoute = 10;

interface Serving {
  readonly served: Served;
  readonly subject: Subject;
  readonly bytes: number;
}

interface OfRoute {
  readonly packages: SpaceSaving;
  readonly tokens: SpaceSaving;
  /** What those who are known have fetched. */
  readonly fetched: SpaceSaving;
  /** Of packages. */
  readonly ofPackages: Total;
  readonly all: Total;
  /** Of those who are known. */
  readonly ofTokens: Total;
}

/** @param seed makes the distances between two looks others than those of the next process. */
export function popularity(nowMs: number, seed: number): Popularity {
  let dayMs = dayOf(nowMs);
  let routes = new Map<string, OfRoute>();
  let serving: Serving[] = [];
  let chance = seed >>> 0;
  let untilLook = 1;

  function ofRoute(route: string): OfRoute | null {
    const known = routes.get(route);
    if (known !== undefined) return known;
    if (routes.size >= mostRoutes) return null;
    const made = {
      packages: spaceSaving(counters.package),
      tokens: spaceSaving(counters.token),
      fetched: spaceSaving(counters.download),
      ...{ ofPackages: new Total(), all: new Total(), ofTokens: new Total() },
    };
    routes.set(route, made);
    return made;
  }

  function add({ route, name, isDownload }: Subject, times: number, bytes: number): void {
    const of = ofRoute(route);
    if (of === null) return;
    const downloads = isDownload ? times : 0;
    of.all.add(times, downloads, times * bytes);
    if (name === undefined || name === '' || name.length > longestName) return;
    of.ofPackages.add(times, downloads, times * bytes);
    of.packages.add(name, times, downloads, times * bytes);
  }

  function name({ route, name, isDownload }: Subject, token: string, bytes: number, hits: number): void {
    const of = ofRoute(route);
    if (of === null || token.length > longestName) return;
    const downloads = isDownload ? hits : 0;
    of.ofTokens.add(hits, downloads, hits * bytes);
    of.tokens.add(token, hits, downloads, hits * bytes);
    if (!isDownload || !name) return;
    const both = downloadName(name, token);
    if (both.length <= longestName) of.fetched.add(both, hits, downloads, hits * bytes);
  }

  function gather(): void {
    for (const { served, subject, bytes } of serving) {
      add(subject, served.hits, bytes);
      served.hits = 0;
    }
    serving = [];
  }

  return {
    count(subject, token, bytes) {
      add(subject, 1, bytes);
      if (token !== null) name(subject, token, bytes, 1);
    },
    serve(served, subject, bytes) {
      if (serving.length >= mostServed) gather();
      serving.push({ served, subject, bytes });
    },
    name,
    looks() {
      if (--untilLook > 0) return false;
      chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
      // From 1 on, `hitsPerLook` on average; the lower bits of such a sequence repeat themselves.
      untilLook = 1 + ((chance >>> 16) % (2 * hitsPerLook - 1));
      return true;
    },
    read(now) {
      gather();
      const told = {
        dayMs,
        package: packagesOf(routes),
        token: tokensOf(routes),
        download: downloadsOf(routes),
      };
      if (dayOf(now) > dayMs) {
        dayMs = dayOf(now);
        routes = new Map();
      }
      return told;
    },
  };
}

class Total implements Amounts {
  requests = 0;
  downloads = 0;
  bytes = 0;

  add(requests: number, downloads: number, bytes: number): void {
    this.requests += requests;
    this.downloads += downloads;
    this.bytes += bytes;
  }
}

function packagesOf(routes: ReadonlyMap<string, OfRoute>): TopList {
  const lists = [...routes].map(([route, { packages, ofPackages }]) => ({
    ...{ route, total: ofPackages, ...packages.top(mostNames.package) },
  }));
  return listOf(lists, mostNames.package);
}

/** Whoever is not known is in the list, as one. */
function tokensOf(routes: ReadonlyMap<string, OfRoute>): TopList {
  const lists = [...routes].map(([route, { tokens, ofTokens, all }]) => {
    const { top, missed } = tokens.top(mostNames.token - 1);
    const rest = (of: keyof Amounts) => Math.max(0, all[of] - ofTokens[of]);
    const others = { requests: rest('requests'), downloads: rest('downloads'), bytes: rest('bytes') };
    return { route, total: all, top: [...top, { name: anonymous, ...others }], missed };
  });
  return listOf(lists, mostNames.token);
}

/** How many there are in all is not counted: of the downloads of those who are not known, nobody knows more. */
function downloadsOf(routes: ReadonlyMap<string, OfRoute>): TopList {
  const lists = [...routes].map(([route, { fetched }]) => {
    const { top, missed } = fetched.top(mostNames.download);
    return { route, total: new Total(), top, missed };
  });
  return listOf(lists, mostNames.download);
}

interface ListOfRoute {
  readonly route: string;
  readonly total: Amounts;
  readonly missed: number;
  readonly top: readonly Omit<TopLine, 'route'>[];
}

/** Some of each route, then whoever is asked for most. */
function listOf(lists: readonly ListOfRoute[], most: number): TopList {
  const lines = lists
    .flatMap(({ route, top }) => {
      const sorted = top.filter(({ requests }) => requests > 0).toSorted(byRequests);
      return sorted.map((line, rank) => ({ line: { route, ...line }, isFirst: rank < fewestOfRoute }));
    })
    .toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst) || byRequests(a.line, b.line));
  const listed = lines.slice(0, most).map(({ line }) => line);
  const unlisted = lines.slice(most).map(({ line }) => line.requests);
  const totals = lists.map(({ route, total: { requests, downloads, bytes } }) => ({
    ...{ route, requests, downloads, bytes },
  }));
  const missed = Math.max(0, ...unlisted, ...lists.map((list) => list.missed));
  return { totals, missed, top: listed.toSorted(byRequests) };
}

function byRequests(a: Amounts, b: Amounts): number {
  return b.requests - a.requests;
}
