/**
 * A team's month, made up, the same for the same seed: a registry in which new versions come out, repositories with lock files that
 * drift, and what asks for their packages, and when.
 */
import { type Chance, chance, zipf } from '../eviction/random.ts';

export interface Packages {
  readonly count: number;
  /** Numbers of packages. */
  dependencies(which: number): readonly number[];
  /** Versions are 1 and up. */
  latest(which: number): number;
  tarballBytes(which: number, version: number): number;
  publish(which: number): void;
}

export interface Repository {
  readonly name: string;
  readonly direct: readonly number[];
  /** Package → version. `null`: it has none, and takes what is newest. */
  readonly lock: Map<number, number> | null;
  /** Its builds ask the registry whether anything is unsafe, as npm does unless it is told not to. */
  readonly audits: boolean;
  /** Its builds keep what they have fetched for the next ones. */
  readonly keeps: boolean;
  /** All of it comes from one address: an office. Else each build has its own. */
  readonly isAtOffice: boolean;
  readonly pushesPerDay: number;
  /** Builds for one push. */
  readonly builds: number;
}

export type Happening =
  | { readonly atMs: number; readonly what: 'publication'; readonly which: number }
  | {
      readonly atMs: number;
      readonly what: 'push' | 'build' | 'update' | 'look';
      readonly repository: Repository;
    }
  | { readonly atMs: number; readonly what: 'restart' };

export interface Month {
  readonly chance: Chance;
  readonly packages: Packages;
  readonly repositories: readonly Repository[];
  /** In the order of time. */
  readonly happenings: readonly Happening[];
}

export interface MonthOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly repositories: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
export const days = 30;
const packageCount = 12_000;
const publicationsPerDay = 120;
/** Of a repository, on a day of work. */
const looksPerDay = 0.5;
const weekendShare = 0.1;
/** The node is updated. */
const restartDays = [9, 19];
/** An eighth of what npm's tarballs are like in length, so that a month fits into minutes. */
const tarballMedianBytes = 1_500;
const tarballSigma = 1.4;
const tarballMostBytes = 256 * 1024;

/** @param options startMs a Monday, 00:00 UTC. */
export function monthOf({ seed, startMs, repositories: count }: MonthOptions): Month {
  const random = chance(seed);
  const packages = packagesOf(random);
  const repositories = Array.from({ length: count }, (_, at) => repositoryOf(at, packages, random));
  const happenings: Happening[] = restartDays.map((day) => ({
    ...{ atMs: startMs + day * dayMs + 11.3 * hourMs, what: 'restart' },
  }));
  const popular = zipf(packageCount, 0.7);
  for (let day = 0; day < days; day++) {
    for (let nth = 0; nth < publicationsPerDay; nth++) {
      const atMs = startMs + (day + random.next()) * dayMs;
      happenings.push({ atMs, what: 'publication', which: packageCount - 1 - popular(random) });
    }
  }
  for (const [at, repository] of repositories.entries())
    happenings.push(...ofRepository(at, repository, startMs, random));
  happenings.sort((a, b) => a.atMs - b.atMs);
  return { chance: random, packages, repositories, happenings };
}

/** What a package needs has a higher number: what many need is at the end. */
function packagesOf(random: Chance): Packages {
  const rank = zipf(packageCount, 0.75);
  const dependencies = Array.from({ length: packageCount }, (_, which) => {
    const wanted = Math.floor(random.next() ** 2 * 7);
    const found = Array.from({ length: wanted }, () => packageCount - 1 - rank(random));
    return [...new Set(found.filter((each) => each > which))];
  });
  const versions = Uint32Array.from({ length: packageCount }, () => 1 + random.below(6));
  const sizes = Float64Array.from({ length: packageCount }, () =>
    Math.min(tarballMostBytes, Math.max(200, random.logNormal(tarballMedianBytes, tarballSigma))),
  );
  return {
    count: packageCount,
    dependencies: (which) => dependencies[which] ?? [],
    latest: (which) => versions[which] ?? 1,
    tarballBytes: (which, version) => Math.floor(sizes[which]! * (0.8 + ((version * 7 + which) % 41) / 100)),
    publish(which) {
      versions[which] = (versions[which] ?? 1) + 1;
    },
  };
}

/** Everything that these need, level by level, as npm finds it. */
export function levelsOf(packages: Packages, direct: readonly number[]): readonly (readonly number[])[] {
  const seen = new Set(direct);
  const levels: number[][] = [];
  for (let level = [...direct]; level.length > 0; ) {
    levels.push(level);
    const next = level.flatMap(packages.dependencies).filter((each) => !seen.has(each));
    level = [...new Set(next)];
    for (const each of level) seen.add(each);
  }
  return levels;
}

function repositoryOf(at: number, packages: Packages, random: Chance): Repository {
  const wanted = Math.round(Math.min(60, Math.max(4, random.logNormal(14, 0.6))));
  const direct = new Set<number>();
  while (direct.size < wanted) direct.add(random.below(packageCount));
  const lock = new Map<number, number>();
  for (const which of levelsOf(packages, [...direct]).flat())
    lock.set(which, Math.max(1, packages.latest(which) - random.below(3)));
  return {
    name: `repository-${at}`,
    direct: [...direct],
    lock: random.next() < 0.75 ? lock : null,
    audits: random.next() < 0.5,
    keeps: random.next() < 0.2,
    isAtOffice: random.next() < 0.3,
    pushesPerDay: Math.min(10, random.logNormal(1.1, 0.8)),
    builds: 1 + random.below(3),
  };
}

function* ofRepository(
  at: number,
  repository: Repository,
  startMs: number,
  random: Chance,
): Generator<Happening> {
  const hasNightly = random.next() < 0.6;
  const nightlyMs = (1 + random.next() * 4) * hourMs;
  const isHourly = at === 3;
  const hourlyMs = random.next() * hourMs;
  const jitter = () => random.next() * 40_000;
  for (let day = 0; day < days; day++) {
    const fromMs = startMs + day * dayMs;
    const isWeekend = day % 7 >= 5;
    const busy = isWeekend ? weekendShare : 1;
    for (const atMs of atTimes(repository.pushesPerDay * busy, fromMs, random))
      yield { atMs, what: 'push', repository };
    for (const atMs of atTimes(looksPerDay * busy, fromMs, random)) yield { atMs, what: 'look', repository };
    if (hasNightly) yield { atMs: fromMs + nightlyMs + jitter(), what: 'build', repository };
    if (day % 7 === 1) yield { atMs: fromMs + 6 * hourMs + at * minuteMs, what: 'update', repository };
    for (let hour = 0; isHourly && hour < 24; hour++)
      yield { atMs: fromMs + hour * hourMs + hourlyMs + jitter(), what: 'build', repository };
  }
}

/** In working hours, mostly. */
function atTimes(mean: number, fromMs: number, random: Chance): number[] {
  const count = Math.floor(mean) + (random.next() < mean % 1 ? 1 : 0);
  return Array.from({ length: count }, () => {
    const hour = Math.min(23, Math.max(0, 13 + random.normal() * 2.6));
    return fromMs + hour * hourMs + random.next() * minuteMs;
  });
}

/** What a push does to a lock file: mostly nothing. An update raises more of it. */
export function drift({ lock }: Repository, packages: Packages, share: number, random: Chance): void {
  if (lock === null) return;
  for (const [which, version] of lock) {
    if (version < packages.latest(which) && random.next() < share) lock.set(which, packages.latest(which));
  }
}
