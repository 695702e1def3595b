/**
 * The names that came most often, among any number of them, in a fixed space: Space-Saving (Metwally, Agrawal and El Abbadi 2005,
 * "Efficient computation of frequent and top-k elements in data streams"). So many names have a counter; one that has none takes
 * over the counter of the name that came least.
 *
 * Of `n` requests and `m` counters, whoever came more than `n / m` times has one. What is said of a name is what was seen since
 * it got its counter: never too high, and too low by no more than `missed`, which is `n / m` at most.
 */

/** What somebody asked for, or what was asked of something. */
export interface Amounts {
  readonly requests: number;
  /** Of these: answered with the thing itself, all of it. */
  readonly downloads: number;
  /** Of bodies, as announced by the head. */
  readonly bytes: number;
}

export interface Seen extends Amounts {
  readonly name: string;
}

export interface SpaceSaving {
  add(name: string, requests: number, downloads: number, bytes: number): void;
  /** The first of them, the most asked first; those that are equal by name. */
  top(limit: number): { readonly top: readonly Seen[]; readonly missed: number };
}

interface Counter {
  name: string;
  /** Never too low. */
  estimate: number;
  /** What the estimate was when this name took the counter over. */
  missed: number;
  downloads: number;
  bytes: number;
}

/** @param size counters. They are looked through when a name comes in that has none: a thousand or so. */
export function spaceSaving(size: number): SpaceSaving {
  const byName = new Map<string, Counter>();
  const counters: Counter[] = [];

  function taken(name: string): Counter {
    const least = leastOf(counters);
    byName.delete(least.name);
    least.name = name;
    least.missed = least.estimate;
    least.downloads = 0;
    least.bytes = 0;
    return least;
  }

  function added(name: string): Counter {
    const counter = { name, estimate: 0, missed: 0, downloads: 0, bytes: 0 };
    counters.push(counter);
    return counter;
  }

  return {
    add(name, requests, downloads, bytes) {
      let counter = byName.get(name);
      if (counter === undefined) {
        counter = counters.length < size ? added(name) : taken(name);
        byName.set(name, counter);
      }
      counter.estimate += requests;
      counter.downloads += downloads;
      counter.bytes += bytes;
    },

    top(limit) {
      const sorted = counters.toSorted((a, b) => seen(b) - seen(a) || (a.name < b.name ? -1 : 1));
      const listed = sorted.slice(0, limit);
      const unlisted = sorted.slice(limit).map(({ estimate }) => estimate);
      const without = counters.length < size ? 0 : leastOf(counters).estimate;
      return {
        top: listed.map((counter) => {
          const { name, downloads, bytes } = counter;
          return { name, requests: seen(counter), downloads, bytes };
        }),
        missed: Math.max(0, without, ...unlisted, ...listed.map(({ missed }) => missed)),
      };
    },
  };
}

function seen({ estimate, missed }: Counter): number {
  return estimate - missed;
}

function leastOf(counters: readonly Counter[]): Counter {
  return counters.reduce((least, each) => (each.estimate < least.estimate ? each : least));
}
