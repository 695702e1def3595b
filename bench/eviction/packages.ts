/**
 * What a package registry's cache is asked for, made up: projects whose whole dependency tree is fetched by
 * every cold build, developers who fetch what is new to them, bots that raise versions, one-off curiosity, and
 * a crawler that walks through everything once.
 *
 * Sessions run side by side and take turns at random, as builds do; by day more of them, by night more builds
 * and the crawler. Trees are drawn from packages by Zipf's law without repetition: so the head is flat (what is
 * in every tree is fetched equally often), as it is in npm's download counts, where hundreds of small packages
 * that most trees contain lead the list.
 */
import { type Chance, chance, zipf } from './random.ts';
import { npmSizes, type Registry, registry, type Sizes } from './registry.ts';
import { type Trace, type TraceWriter, traceWriter } from './trace.ts';

export interface Workload {
  readonly seed: number;
  readonly requests: number;
  readonly packages: number;
  readonly projects: number;
  /** Zipf exponent by which packages come into trees. */
  readonly packageAlpha: number;
  /** Zipf exponent of how busy projects are. */
  readonly projectAlpha: number;
  /** Packages in a project's tree. */
  readonly treeMedian: number;
  readonly treeSigma: number;
  /** Of 100 sessions: builds on a cold runner, developers, bots, and the rest single look-ups. */
  readonly builds: number;
  readonly developers: number;
  readonly bots: number;
  /** Share of the look-ups that go to any package at all, rather than to a popular one. */
  readonly oddShare: number;
  /** Requests between two new versions of anything. */
  readonly publishEvery: number;
  /** Of all requests, those of the crawler. */
  readonly crawlShare: number;
  readonly sizes: Sizes;
}

export const packageWorkload: Workload = {
  seed: 1,
  requests: 1_000_000,
  packages: 120_000,
  projects: 300,
  packageAlpha: 0.9,
  projectAlpha: 0.8,
  treeMedian: 400,
  treeSigma: 0.8,
  builds: 6,
  developers: 8,
  bots: 3,
  oddShare: 0.5,
  publishEvery: 40,
  crawlShare: 0.08,
  sizes: npmSizes,
};

/** Requests of a day, and sessions at once by day and by night. */
const dayRequests = 50_000;
const sessionsAtOnce = { day: 24, night: 6 };
/** A developer has most of a tree already. */
const newToDeveloper = { least: 0.03, most: 0.3 };
const raisedByBot = 0.04;
/** How far back the versions lie that a project was locked to. */
const lagVersions = 2;

/** A request: a packument, or one version's tarball. */
type Wanted = { readonly name: number; readonly version: number | null };
type Session = Iterator<Wanted>;

interface World {
  readonly workload: Workload;
  readonly chance: Chance;
  readonly registry: Registry;
  readonly projects: readonly Map<number, number>[];
  readonly anyPackage: () => number;
  readonly anyProject: () => Map<number, number>;
}

export function packageTrace(workload: Workload, name = 'packages'): Trace {
  const world = worldOf(workload);
  const writer = traceWriter(name);
  const crawler = crawl(world);
  const sessions: Session[] = [];
  while (writer.length < workload.requests) {
    const hour = (writer.length % dayRequests) / dayRequests;
    const isDay = hour > 0.33 && hour < 0.8;
    if (writer.length % workload.publishEvery === 0) world.registry.publish(world.anyPackage());
    if (world.chance.next() < workload.crawlShare * (isDay ? 0.5 : 1.5))
      write(writer, world, crawler.next().value);
    const wanted = isDay ? sessionsAtOnce.day : sessionsAtOnce.night;
    while (sessions.length < wanted) sessions.push(session(world, isDay));
    const turn = world.chance.below(sessions.length);
    const next = sessions[turn]?.next();
    if (next && !next.done) write(writer, world, next.value);
    else sessions.splice(turn, 1);
  }
  return writer.done();
}

function worldOf(workload: Workload): World {
  const random = chance(workload.seed);
  const packages = registry(workload.packages, workload.sizes, random);
  const byRank = shuffled(workload.packages, random);
  const rank = zipf(workload.packages, workload.packageAlpha);
  const anyPackage = () => byRank[rank(random)] ?? 0;
  const projects = Array.from({ length: workload.projects }, () => {
    const wanted = Math.min(workload.packages / 4, random.logNormal(workload.treeMedian, workload.treeSigma));
    const tree = new Map<number, number>();
    while (tree.size < wanted) {
      const name = anyPackage();
      const lag = Math.floor(-Math.log(1 - random.next()) * lagVersions);
      tree.set(name, Math.max(1, packages.latest(name) - lag));
    }
    return tree;
  });
  const projectRank = zipf(workload.projects, workload.projectAlpha);
  const anyProject = () => projects[projectRank(random)] ?? new Map<number, number>();
  return { workload, chance: random, registry: packages, projects, anyPackage, anyProject };
}

function session(world: World, isDay: boolean): Session {
  const { chance: random, workload } = world;
  const kind = random.next() * 100;
  const builds = workload.builds * (isDay ? 1 : 2);
  if (kind < builds) return build(world.anyProject());
  if (kind < builds + workload.developers) return develop(world, world.anyProject());
  if (kind < builds + workload.developers + workload.bots) return raise(world, world.anyProject());
  return lookUp(world);
}

/** `npm ci` on a fresh machine: every tarball of the lock file. */
function* build(tree: ReadonlyMap<number, number>): Session & Iterable<Wanted> {
  for (const [name, version] of [...tree]) yield { name, version };
}

/** `npm install` where much is cached already: documents of what changed, then its tarballs. */
function* develop({ chance: random }: World, tree: Map<number, number>): Session & Iterable<Wanted> {
  const share = newToDeveloper.least + random.next() * (newToDeveloper.most - newToDeveloper.least);
  const picked = [...tree].filter(() => random.next() < share);
  for (const [name] of picked) yield { name, version: null };
  for (const [name, version] of picked) yield { name, version };
}

/** A bot asks for every document of a tree, and raises some packages to their latest version. */
function* raise(
  { chance: random, registry: packages }: World,
  tree: Map<number, number>,
): Session & Iterable<Wanted> {
  for (const name of [...tree.keys()]) {
    yield { name, version: null };
    if (random.next() >= raisedByBot) continue;
    const version = packages.latest(name);
    tree.set(name, version);
    yield { name, version };
  }
}

function* lookUp({
  chance: random,
  workload,
  registry: packages,
  anyPackage,
}: World): Session & Iterable<Wanted> {
  const name = random.next() < workload.oddShare ? random.below(workload.packages) : anyPackage();
  yield { name, version: null };
  yield { name, version: packages.latest(name) };
}

/** Everything once, in no order that means anything, and again from the start. */
function* crawl({ workload, registry: packages }: World): Generator<Wanted, never> {
  for (let name = 0; ; name = (name + 1) % workload.packages) {
    yield { name, version: null };
    if (name % 2 === 0) yield { name, version: packages.latest(name) };
  }
}

/** More versions than any package will have. */
const versionsPerName = 100_000;

function write(writer: TraceWriter, { registry: packages }: World, { name, version }: Wanted): void {
  const key = name * versionsPerName + (version ?? 0);
  writer.add(key, version === null ? packages.packumentBytes(name) : packages.tarballBytes(name, version));
}

function shuffled(length: number, random: Chance): Uint32Array {
  const order = Uint32Array.from({ length }, (_, at) => at);
  for (let at = length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}
