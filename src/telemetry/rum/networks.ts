/**
 * Timings by where clients are: the networks that tell most, each with each PoP that it was served by. Bounded by the
 * Space-Saving rule (Metwally, Agrawal, El Abbadi 2005): who comes when all places are taken gets that of whoever told least.
 */
import type { TimingKind } from '../../messages/rum.ts';
import { type Buckets, Digest, short } from './digest.ts';

const mostPlaces = 1000;

/** What tells how far away a PoP is: the rest depends on what was asked for. */
const kept: ReadonlySet<TimingKind> = new Set(['connect', 'ttfb']);

export interface OfNetwork {
  /** `192.0.2.0/24`, `2001:db8::/48`. */
  readonly network: string;
  readonly pop: string;
  /** Timings told, as they fade; too high by what another one had told before it lost its place to this one. */
  readonly weight: number;
  readonly buckets: Buckets;
}

export interface Networks {
  record(network: string, pop: string, timings: Iterable<readonly [TimingKind, number]>): void;
  fade(by: number): void;
  /** Those that told most, the first first. */
  top(most: number): OfNetwork[];
  readonly size: number;
}

interface Place {
  readonly network: string;
  readonly pop: string;
  weight: number;
  readonly digest: Digest;
}

/** What has faded to less than this is forgotten. */
const leastWeight = 0.5;

export function openNetworks(most = mostPlaces): Networks {
  const places = new Map<string, Place>();

  function placeOf(network: string, pop: string): Place {
    const key = `${network} ${pop}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = { network, pop, weight: places.size < most ? 0 : evicted(), digest: new Digest() };
    places.set(key, place);
    return place;
  }

  /** @returns the weight of whoever told least, and is gone. */
  function evicted(): number {
    let least: [string, Place] | null = null;
    for (const each of places) if (least === null || each[1].weight < least[1].weight) least = each;
    if (least === null) return 0;
    places.delete(least[0]);
    return least[1].weight;
  }

  return {
    record(network, pop, timings) {
      const place = placeOf(network, pop);
      place.weight++;
      for (const [kind, ms] of timings) if (kept.has(kind)) place.digest.record(kind, ms);
    },
    fade(by) {
      for (const [key, place] of places) {
        place.weight *= by;
        if (place.weight < leastWeight) places.delete(key);
        else place.digest.fade(by);
      }
    },
    top(wanted) {
      const busiest = [...places.values()].sort((a, b) => b.weight - a.weight).slice(0, wanted);
      return busiest.map(({ network, pop, weight, digest }) => ({
        ...{ network, pop, weight: short(weight) },
        buckets: digest.read(),
      }));
    },
    get size() {
      return places.size;
    },
  };
}
