/**
 * The terms of one package, made ready for all of its versions: ranges are read once, and the versions at which advisories begin and end are
 * put in order once, so that a version is compared with some of them and not with each. There are packages with hundreds of both.
 */
import type { Versions } from './judge.ts';
import type { VersionOrder } from './order.ts';
import { type Advisory, type Event, inOrder, isWithin } from './osv.ts';
import { type Range, readRange } from './range.ts';
import type { Terms } from './terms.ts';

interface Evaluated {
  /** Events at places among the edges; -1: before every version. */
  readonly ranges: readonly (readonly Event<number>[])[];
  readonly versions: ReadonlySet<string>;
}

/** @throws TypeError for a range that `readRange` does not take. */
export function prepared({ only, blocked, advisories, age }: Terms, order: VersionOrder): Versions {
  const texts = [...(only ?? []), ...blocked, ...(age?.exempt ?? [])];
  const ranges = new Map(texts.filter((text) => text !== '*').map((text) => [text, known(text, order)]));
  const canonical = canonicalBy(order);
  const edges = edgesOf(advisories, order);
  const places = new Map(edges.texts.map((edge) => [edge, placeOf(edge, edges.sorted, order)]));
  places.set('0', -1);
  const evaluated = new Map(advisories.map((each) => [each, evaluate(each, places, canonical)]));
  /** Of the version that was asked about last: all advisories are asked about the same one. */
  let asked: Placed | null = null;

  function placed(version: string): Placed {
    if (asked?.version !== version) {
      const place = order.isVersion(version) ? placeOf(version, edges.sorted, order) : null;
      asked = { version, canonical: canonical(version), place };
    }
    return asked;
  }

  return {
    allows: (range, version) => range === '*' || ranges.get(range)?.allows(version) === true,
    forbids: (range, version) => range === '*' || ranges.get(range)?.forbids(version) === true,
    affects(advisory, version) {
      const known = evaluated.get(advisory);
      if (known === undefined) return false;
      const { canonical: text, place } = placed(version);
      if (known.versions.has(text)) return true;
      if (place === null) return advisory.ranges.length > 0;
      return known.ranges.some((events) => isWithin(events, (edge) => place - edge));
    },
  };
}

interface Placed {
  readonly version: string;
  readonly canonical: string;
  /** `null`: it is no version. */
  readonly place: number | null;
}

/** Of what is no version, itself. Records of the same package name the same versions over and over. */
function canonicalBy(order: VersionOrder): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text) ?? (order.isVersion(text) ? order.canonical(text) : text);
    known.set(text, found);
    return found;
  };
}

function known(text: string, order: VersionOrder): Range {
  const range = readRange(text, order);
  if ('mistake' in range) throw new TypeError(`${text}: ${range.mistake}`);
  return range;
}

interface Edges {
  /** As records write them: those that are versions. */
  readonly texts: readonly string[];
  /** In rising order, each once. */
  readonly sorted: readonly string[];
}

function edgesOf(advisories: readonly Advisory[], order: VersionOrder): Edges {
  const all = advisories.flatMap(({ ranges }) => ranges.flatMap((events) => events.map(([, edge]) => edge)));
  const texts = [...new Set(all)].filter((edge) => edge !== '0' && order.isVersion(edge));
  const distinct = new Map(texts.map((version) => [order.canonical(version), version]));
  return { texts, sorted: [...distinct.values()].sort(order.compare) };
}

/** At the edge `n`, `n`; between that and the next one, `n` and a half. */
function placeOf(version: string, edges: readonly string[], order: VersionOrder): number {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const by = order.compare(version, edges[middle] ?? version);
    if (by === 0) return middle;
    if (by < 0) to = middle;
    else from = middle + 1;
  }
  return from - 0.5;
}

/**
 * A range of which an edge is no version cannot be evaluated. Where the record also names versions one by one, those are what counts, as in
 * the databases that write such ranges; elsewhere it is taken to hold for every version.
 */
function evaluate(
  { ranges, versions }: Advisory,
  places: ReadonlyMap<string, number>,
  canonical: (version: string) => string,
): Evaluated {
  const placed = ranges.flatMap((events): readonly Event<number>[][] => {
    const found = events.flatMap(([kind, edge]): readonly Event<number>[] => {
      const place = places.get(edge);
      return place === undefined ? [] : [[kind, place]];
    });
    return found.length < events.length ? [] : [inOrder(found, (a, b) => a - b)];
  });
  const isOpen = placed.length < ranges.length && versions.length === 0;
  return {
    ranges: isOpen ? [...placed, [['introduced', -1]]] : placed,
    versions: new Set(versions.map(canonical)),
  };
}
