/** What a build, a developer or a bot asks for: in phases, each of which has to be over before the next, as npm has it. */
import { chance } from '../eviction/random.ts';
import { documentPath, nameOf, tarballPath, versionOf } from './registry.ts';
import { drift, type Happening, levelsOf, type Packages, type Repository } from './world.ts';

export interface Session {
  /** Address that it comes from. */
  readonly from: string;
  readonly phases: readonly (readonly Asked[])[];
}

export interface Asked {
  readonly target: string;
  readonly isDocument: boolean;
  /** What is posted: a tree, to be told what in it is unsafe. */
  readonly body?: string;
}

export interface Sessions {
  /** `null`: it leads to no request. Called once for each, in their order: it changes the world. */
  of(happening: Happening): readonly Session[] | null;
}

const auditPath = '/-/npm/v1/security/advisories/bulk';
const officeAddress = '198.51.100.7';
/** Of lock files that lag behind: the share of what is raised by a push that raises anything, and by a bot. */
const pushRaises = 0.02;
const pushRaisesAnything = 0.25;
const botRaises = 0.3;
/** A build that keeps what it has, and has lost it. */
const keptIsLost = 0.1;
/** npm has so many requests under way: they come in about the order that it asks in. */
const atOnce = 15;

export function openSessions(packages: Packages, seed: number): Sessions {
  const random = chance(seed);
  const kept = new Map<Repository, ReadonlySet<string>>();

  function address({ isAtOffice }: Repository): string {
    return isAtOffice ? officeAddress : `203.0.${random.below(256)}.${1 + random.below(254)}`;
  }

  function build(repository: Repository): Session {
    const from = address(repository);
    const { lock } = repository;
    if (lock === null) return { from, phases: install(repository) };
    const all = [...lock].map(([which, version]) => tarballPath(which, version)).sort();
    const had = random.next() < keptIsLost ? undefined : kept.get(repository);
    if (repository.keeps) kept.set(repository, new Set(all));
    const wanted = repository.keeps && had ? all.filter((path) => !had.has(path)) : all;
    const audit: Asked[] = repository.audits
      ? [{ target: auditPath, isDocument: false, body: tree(lock) }]
      : [];
    return { from, phases: [[...audit, ...jumbled(wanted.map(fileAsked))]] };
  }

  function install({ direct }: Repository): readonly (readonly Asked[])[] {
    const levels = levelsOf(packages, direct);
    const files = levels.flat().map((which) => fileAsked(tarballPath(which, packages.latest(which))));
    return [...levels.map((level) => jumbled(level.map(documentAsked))), jumbled(files)];
  }

  /** Most of it is on his disk. */
  function look(repository: Repository): Session {
    const share = 0.05 + random.next() * 0.2;
    const picked = levelsOf(packages, repository.direct)
      .flat()
      .filter(() => random.next() < share);
    picked.push(random.below(packages.count));
    const files = picked.filter(() => random.next() < 0.4);
    return {
      from: officeAddress,
      phases: [
        jumbled(picked.map(documentAsked)),
        jumbled(files.map((which) => fileAsked(tarballPath(which, packages.latest(which))))),
      ],
    };
  }

  function update(repository: Repository): Session {
    const before = new Map(repository.lock);
    drift(repository, packages, botRaises, random);
    const raised = [...(repository.lock ?? [])].filter(([which, version]) => before.get(which) !== version);
    const all = [...before.keys()];
    return {
      from: address(repository),
      phases: [
        jumbled(all.map(documentAsked)),
        jumbled(raised.map(([which, version]) => fileAsked(tarballPath(which, version)))),
      ],
    };
  }

  function jumbled(all: readonly Asked[]): readonly Asked[] {
    return all
      .map((asked, at) => ({ asked, at: at + random.next() * atOnce }))
      .sort((a, b) => a.at - b.at)
      .map(({ asked }) => asked);
  }

  return {
    of(happening) {
      switch (happening.what) {
        case 'publication':
          packages.publish(happening.which);
          return null;
        case 'restart':
          return null;
        case 'push':
          if (random.next() < pushRaisesAnything) drift(happening.repository, packages, pushRaises, random);
          return Array.from({ length: happening.repository.builds }, () => build(happening.repository));
        case 'build':
          return [build(happening.repository)];
        case 'update':
          return happening.repository.lock === null ? null : [update(happening.repository)];
        case 'look':
          return [look(happening.repository)];
      }
    },
  };
}

function fileAsked(target: string): Asked {
  return { target, isDocument: false };
}

function documentAsked(which: number): Asked {
  return { target: documentPath(which), isDocument: true };
}

function tree(lock: ReadonlyMap<number, number>): string {
  return JSON.stringify(
    Object.fromEntries([...lock].map(([which, version]) => [nameOf(which), [versionOf(version)]])),
  );
}
