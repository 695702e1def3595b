/**
 * What cargo asks for next. Without what it has from earlier, it reads the indexes of a tree level by level, and fetches the crates once it knows
 * all of them; with these indexes, or once it has read them, only crates. Whether there is a lock file it does not say. So what was published
 * lately is less likely: a lock file may be older; and a crate tells when it was locked, by what was not there yet.
 */
import type { EcosystemForesight, Expanded, ForeseenItem, Tree, Want } from '../registry/ecosystem.ts';
import { likelyTaken, rounded } from '../registry/likelihood.ts';
import { enabledBy } from './features.ts';
import { crateItem, indexItem } from './item.ts';
import { everywhere, platformsOf, shareOf } from './platforms.ts';
import { type Release, type Releases, releaseReader } from './releases.ts';

/** How long it takes until most have gone over to a release that is not compatible with those before. */
const adoptionMs = 365 * 86_400_000;
/**
 * What comes first is what a project itself depends on, of any version and for any platform. Of what comes later there are such as no crate is
 * fetched of, or that of an old version.
 */
const mostDirect = 24;
/** Where the index does not say when things were published. */
const untimed = 0.8;

/** What one question is taken to be about. */
interface Course {
  /** How likely it is that the first one is wanted at the version that is gone on from. */
  readonly first: number;
  /** What was published later is not in the tree; ms since the epoch. */
  readonly beforeMs: number;
  /** How likely it is that what was published then is in it. */
  taken(publishedMs: number | null): number;
  /** By name and what is compatible: of these, a tree has one. */
  readonly crates: Map<string, Chosen>;
}

interface Chosen {
  readonly name: string;
  readonly releases: Releases;
  readonly ranges: Set<string>;
  readonly found: Map<string, Release>;
  platforms: number;
}

export function cargoForesight(): EcosystemForesight {
  const readReleases = releaseReader();
  const courses = new WeakMap<Tree, Course>();

  return {
    begins({ kind, name, version }, headers, doing) {
      const [, rust] = /^cargo[/ ](\d+\.\d+)\./.exec(headers.get('user-agent') ?? '') ?? [];
      if (rust === undefined || name === null) return null;
      if (kind === indexKind) {
        // Whoever has an old index has old crates as well, and fetches few, if any.
        const mayFetch = !headers.has('if-none-match') && doing.asked(indexKind) < mostDirect;
        return { wants: [{ name, range: '' }], about: { rust, fetches: mayFetch ? 'all' : 'indexes' } };
      }
      return kind === crateKind && version !== undefined
        ? { wants: [{ name, range: version }], about: { rust, fetches: 'crates' } }
        : null;
    },

    async expand(want, tree) {
      const bytes = await tree.read(indexItem(want.name));
      if (bytes === null) return nothing;
      const releases = readReleases(want.name, bytes);
      const known = courses.get(tree);
      if (known !== undefined) return expandOne(want, releases, known, tree);
      const release = firstOf(want, releases, tree);
      if (release === null) return nothing;
      const course = await courseOf(want, release, releases, tree);
      courses.set(tree, course);
      return expandOne({ ...want, range: `=${release.version}` }, releases, course, tree);
    },

    async ends(tree) {
      const course = courses.get(tree);
      if (course === undefined || tree.about.fetches === 'indexes') return [];
      const files: ForeseenItem[] = [];
      for (const chosen of course.crates.values()) {
        if (!(await tree.rest())) break;
        files.push(...filesOf(chosen, course));
      }
      return files;
    },
  };
}

const nothing: Expanded = { items: [], wants: [] };
const { kind: indexKind } = indexItem('a');
const { kind: crateKind } = crateItem('a', '0.0.0');

function firstOf({ range }: Want, releases: Releases, { about }: Tree): Release | null {
  return range === ''
    ? highest(releases, ['*'], Number.POSITIVE_INFINITY, about.rust)
    : releases.release(range);
}

/** What a want is for: features, and for which platforms. The first one of a tree says neither. */
function detailOf({ detail = `default;${everywhere}` }: Want) {
  const [features = '', platforms = ''] = detail.split(';');
  return { features: features.split(',').filter((each) => each !== ''), platforms: Number(platforms) };
}

function expandOne(want: Want, releases: Releases, course: Course, tree: Tree): Expanded {
  const release = highest(releases, [want.range], course.beforeMs, tree.about.rust);
  if (release === null) return nothing;
  const { features, platforms } = detailOf(want);
  note(want, release, releases, platforms, course);
  const wants = enabledBy(features, release).map(({ dependency, features }): Want => {
    const where = platforms & platformsOf(dependency.target);
    return {
      name: dependency.name.toLowerCase(),
      range: dependency.range,
      detail: `${features.join(',')};${where}`,
    };
  });
  if (tree.about.fetches === 'crates') return { items: [], wants };
  const likelihood = rounded((1 + course.first) / 2);
  return { items: wants.map(({ name }) => ({ item: indexItem(name), likelihood })), wants };
}

function note(
  { name, range }: Want,
  release: Release,
  releases: Releases,
  platforms: number,
  { crates }: Course,
): void {
  const key = `${name} ${compatible(release.version)}`;
  const chosen = crates.get(key) ?? {
    ...{ name, releases, platforms },
    ...{ ranges: new Set(), found: new Map() },
  };
  chosen.ranges.add(range);
  chosen.found.set(release.version, release);
  chosen.platforms |= platforms;
  crates.set(key, chosen);
}

function filesOf({ name, releases, ranges, found, platforms }: Chosen, course: Course): ForeseenItem[] {
  const common = found.size > 1 ? highest(releases, [...ranges], course.beforeMs) : null;
  return (common === null ? [...found.values()] : [common]).map(({ version, publishedMs }) => ({
    item: crateItem(name, version),
    likelihood: rounded(course.first * shareOf(platforms) * course.taken(publishedMs)),
  }));
}

/** The one that cargo takes. @param rust what the client's compiler is: what needs a newer one is only taken where there is nothing else. */
function highest(
  releases: Releases,
  ranges: readonly string[],
  beforeMs: number,
  rust?: string,
): Release | null {
  const written = ranges.map(rangeOf);
  let spare: Release | null = null;
  for (const version of releases.versions) {
    if (!written.every((range) => Bun.semver.satisfies(version, range))) continue;
    const release = releases.release(version);
    if (release === null || release.yanked || (release.publishedMs ?? 0) >= beforeMs) continue;
    if (rust === undefined || release.rust === null || !isNewer(release.rust, rust)) return release;
    spare ??= release;
  }
  return spare;
}

/** Cargo's `1.2, <1.5` as others write it: `^1.2 <1.5`. */
function rangeOf(requirement: string): string {
  const parts = requirement.split(',').map((part) => part.trim().replace(/^([<>=~^]*)\s+/, '$1'));
  return parts.map((part) => (/^\d/.test(part) && !part.includes('*') ? `^${part}` : part)).join(' ');
}

function isNewer(a: string, b: string): boolean {
  const [major = 0, minor = 0] = a.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split('.').map(Number);
  return major === otherMajor ? minor > otherMinor : major > otherMajor;
}

/** What versions have in common that are compatible: everything down to the first number that is not 0. */
function compatible(version: string): string {
  return /^(?:0\.){0,2}\d+/.exec(version)?.[0] ?? version;
}

async function courseOf(want: Want, release: Release, releases: Releases, tree: Tree): Promise<Course> {
  const of = want.range === '' ? courseOfIndex : courseOfCrate;
  return { ...of(release, releases.versions, await alike(release, releases, tree), tree), crates: new Map() };
}

/** Somebody wants some version of it: whether that is the newest is the less certain the newer that is. */
function courseOfIndex(
  release: Release,
  versions: readonly string[],
  others: readonly Release[],
  { registry }: Tree,
): Omit<Course, 'crates'> {
  const nowMs = registry.clock.now();
  const since = timesOf(others);
  const ageMs = nowMs - Math.min(...since, nowMs);
  const isOnly = versions.every((version) => compatible(version) === compatible(release.version));
  return {
    first: isOnly ? 1 : since.length === 0 ? untimed : 1 - 0.6 * Math.exp(-ageMs / adoptionMs),
    beforeMs: Number.POSITIVE_INFINITY,
    taken: (publishedMs) => likelyTaken(publishedMs, nowMs),
  };
}

/** Whoever takes this one has locked it before the next one was there. */
function courseOfCrate(
  release: Release,
  _: readonly string[],
  others: readonly Release[],
  { registry }: Tree,
): Omit<Course, 'crates'> {
  const nowMs = registry.clock.now();
  const { publishedMs: fromMs } = release;
  const higher = others.filter(({ version }) => Bun.semver.order(version, release.version) > 0);
  const later = timesOf(higher).filter((timeMs) => fromMs !== null && timeMs > fromMs);
  const isNewest = higher.every(({ yanked }) => yanked);
  const untilMs = Math.min(...later, nowMs);
  return {
    first: 1,
    beforeMs: isNewest ? Number.POSITIVE_INFINITY : later.length > 0 ? untilMs : Number.POSITIVE_INFINITY,
    taken(publishedMs) {
      if (fromMs === null || publishedMs === null) return isNewest ? untimed : untimed / 2;
      if (publishedMs <= fromMs) return 1;
      const part = Math.max(0, untilMs - publishedMs) / Math.max(1, untilMs - fromMs);
      return isNewest ? (1 + part) / 2 : part;
    },
  };
}

/** Of some crates there are thousands of versions, and each is read. */
async function alike(
  { version }: Release,
  { versions, release }: Releases,
  tree: Tree,
): Promise<readonly Release[]> {
  const found: Release[] = [];
  for (const each of versions) {
    if (compatible(each) !== compatible(version)) continue;
    if (!(await tree.rest())) break;
    const read = release(each);
    if (read !== null) found.push(read);
  }
  return found;
}

function timesOf(releases: readonly Release[]): readonly number[] {
  return releases.flatMap(({ yanked, publishedMs }) => (yanked || publishedMs === null ? [] : [publishedMs]));
}
