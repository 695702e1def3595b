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
  /** Events at places in `edges`; -1: before every version. */
  readonly ranges: readonly (readonly Event<number>[])[];
  readonly versions: ReadonlySet<string>;
}

/** @throws TypeError for a range that `readRange` does not take. */
export function prepared({ only, blocked, advisories, age }: Terms, order: VersionOrder): Versions {
  const texts = [...(only ?? []), ...blocked, ...(age?.exempt ?? [])];
  const ranges = new Map(texts.filter((text) => text !== '*').map((text) => [text, known(text, order)]));
  const edges = edgesOf(advisories, order);
  const evaluated = new Map(advisories.map((advisory) => [advisory, evaluate(advisory, edges, order)]));
  /** Of the version that was asked about last: all advisories are asked about the same one. */
  let asked: { readonly version: string; readonly canonical: string; readonly place: number } | null = null;

  function placed(version: string) {
    if (asked?.version !== version)
      asked = { version, canonical: order.canonical(version), place: placeOf(version, edges, order) };
    return asked;
  }

  return {
    allows: (range, version) => range === '*' || ranges.get(range)?.allows(version) === true,
    forbids: (range, version) => range === '*' || ranges.get(range)?.forbids(version) === true,
    affects(advisory, version) {
      const known = evaluated.get(advisory);
      if (known === undefined) return false;
      if (!order.isVersion(version)) return known.versions.has(version) || advisory.ranges.length > 0;
      const { canonical, place } = placed(version);
      if (known.versions.has(canonical)) return true;
      return known.ranges.some((events) => isWithin(events, (edge) => place - edge));
    },
  };
}

function known(text: string, order: VersionOrder): Range {
  const range = readRange(text, order);
  if ('mistake' in range) throw new TypeError(`${text}: ${range.mistake}`);
  return range;
}

/** In rising order, each once. */
function edgesOf(advisories: readonly Advisory[], order: VersionOrder): readonly string[] {
  const all = advisories.flatMap(({ ranges }) => ranges.flatMap((events) => events.map(([, edge]) => edge)));
  const versions = [...new Set(all)].filter((edge) => edge !== '0' && order.isVersion(edge));
  return [...new Map(versions.map((version) => [order.canonical(version), version])).values()].sort(
    order.compare,
  );
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
function evaluate({ ranges, versions }: Advisory, edges: readonly string[], order: VersionOrder): Evaluated {
  const readable = ranges.filter((events) =>
    events.every(([, edge]) => edge === '0' || order.isVersion(edge)),
  );
  const placed = readable.map((events) =>
    inOrder(
      events.map(([kind, edge]): Event<number> => [kind, edge === '0' ? -1 : placeOf(edge, edges, order)]),
      (a, b) => a - b,
    ),
  );
  const isOpen = readable.length < ranges.length && versions.length === 0;
  return {
    ranges: isOpen ? [...placed, [['introduced', -1]]] : placed,
    versions: new Set(versions.map((each) => (order.isVersion(each) ? order.canonical(each) : each))),
  };
}
