/**
 * The packages of a made-up registry: how large their documents and tarballs are, and how they change.
 *
 * Where the figures come from:
 * - Tarballs: 34.3 million versions of npm take 24.17 TB unpacked, 0.70 MB on average ("State of npm 2023",
 *   Sandworm), some 0.18 MB packed at 4 : 1. Most packages are far smaller, and some carry binaries: a log-normal
 *   body and a Pareto tail up to 100 MB that have this mean together.
 * - Versions: 10.27 per package on average (same source); the median is 3 ("npm in numbers", Bocoup).
 * - Packuments: some 350 bytes of abbreviated metadata per version, 1 to 2 KB besides; the busiest packages, with
 *   thousands of versions, come to some MB.
 */
import type { Chance } from './random.ts';

export interface Sizes {
  readonly tarballMedianBytes: number;
  readonly tarballSigma: number;
  /** Share of the packages whose tarballs are drawn from the heavy tail. */
  readonly heavyShare: number;
  /** Exponent of the tail: the smaller, the heavier. */
  readonly heavyExponent: number;
  readonly versionsMedian: number;
  readonly versionsSigma: number;
}

export const npmSizes: Sizes = {
  tarballMedianBytes: 12_000,
  tarballSigma: 1.9,
  heavyShare: 0.02,
  heavyExponent: 0.9,
  versionsMedian: 3,
  versionsSigma: 1.57,
};

const heavyFromBytes = 1_000_000;
const heavyToBytes = 100_000_000;
const packumentBaseBytes = 1500;
const packumentVersionBytes = 350;
const tarballLeastBytes = 300;

export interface Registry {
  readonly packages: number;
  latest(name: number): number;
  packumentBytes(name: number): number;
  tarballBytes(name: number, version: number): number;
  publish(name: number): void;
}

export function registry(packages: number, sizes: Sizes, chance: Chance): Registry {
  const versions = Uint32Array.from({ length: packages }, () =>
    Math.max(1, Math.round(chance.logNormal(sizes.versionsMedian, sizes.versionsSigma))),
  );
  const versionBytes = Float64Array.from({ length: packages }, () =>
    chance.logNormal(packumentVersionBytes, 0.4),
  );
  const tarballs = Float64Array.from({ length: packages }, () => tarball(sizes, chance));

  return {
    packages,
    latest: (name) => versions[name] ?? 1,
    packumentBytes: (name) => packumentBaseBytes + (versions[name] ?? 1) * (versionBytes[name] ?? 0),
    // Versions of a package differ a little, and always in the same way.
    tarballBytes: (name, version) => (tarballs[name] ?? 0) * (0.8 + ((version * 7919 + name) % 41) / 100),
    publish(name) {
      versions[name] = (versions[name] ?? 1) + 1;
    },
  };
}

function tarball(sizes: Sizes, chance: Chance): number {
  if (chance.next() >= sizes.heavyShare) {
    const bytes = chance.logNormal(sizes.tarballMedianBytes, sizes.tarballSigma);
    return Math.min(heavyToBytes, Math.max(tarballLeastBytes, bytes));
  }
  const cut = 1 - (heavyFromBytes / heavyToBytes) ** sizes.heavyExponent;
  return heavyFromBytes / (1 - chance.next() * cut) ** (1 / sizes.heavyExponent);
}
