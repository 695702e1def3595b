/**
 * Resolves a tree as pip does (resolvelib, and pip's own preferences), to know what it will ask for, and in which order: also the versions that it
 * looks at and does not take. What is not known yet is taken to need nothing, and told of: with that it is resolved again.
 */
import type { Candidate, Candidates } from './candidates.ts';
import { type Asked, type Criterion, isStillBest, matches, nameOf } from './criteria.ts';
import type { Requirement } from './requirement.ts';
import { openResolution, type Resolution } from './resolution.ts';

export interface Known {
  /** `null`: not known yet. */
  candidates(project: string): Candidates | null;
  /** On the client's machine, and with these extras. `null`: not known yet. */
  needs(candidate: Candidate, extras: readonly string[]): readonly Requirement[] | null;
}

/** What is asked for: the index of a project, or what a version needs. */
export type Step = { readonly project: string } | { readonly candidate: Candidate };

export interface Resolved {
  /** In the order in which it is asked for. */
  readonly steps: readonly Step[];
  /** The tree, in the order in which it was pinned. */
  readonly taken: readonly Candidate[];
  readonly missing: readonly Step[];
  /** `false`: there is no way, or it is too long. */
  readonly isSolved: boolean;
}

/** Versions that are looked at in vain, and rounds: a client may try for minutes, and what it asks for then nobody can tell. */
const mostTried = 400;
const mostRounds = 10_000;

/** @param rest lets others have a turn, where it is time for that; `false`: no time is left. */
export async function resolve(
  roots: readonly Requirement[],
  known: Known,
  rest: () => Promise<boolean>,
): Promise<Resolved> {
  const requested = new Map(roots.map((root, nth) => [nameOf(root.name, root.extras), nth]));
  const resolution = openResolution(requested, (project) => known.candidates(project) === null);
  const trail = openTrail(known);
  const adding = openAdding(resolution, trail, { known, rest });
  const isSolved =
    roots.every((root) => adding.add(root, { specifiers: root.specifiers, by: null, only: null }) === null) &&
    (await pinned(resolution, adding));
  const taken = new Map([...resolution.pins.values()].map((each) => [each.project, each]));
  return { ...trail.told(), taken: [...taken.values()], isSolved };
}

/** Pins one name after the other, and goes back where there is no way on. @returns `false`: nowhere is one. */
async function pinned(resolution: Resolution, { pin, isPossible }: Adding): Promise<boolean> {
  /** Where each pin begins, and what it is of. */
  const marks: { readonly at: number; readonly name: string }[] = [];
  let tried = 0;
  /** Of the next pin: before what was learnt for it. */
  let start = resolution.changes;

  /** To where another version may be taken; resolvelib's `_backtrack`. */
  function goBack(): boolean {
    for (let last = marks.pop(); last !== undefined; last = marks.pop()) {
      const { criteria, pins } = resolution;
      const without = new Map([...criteria].map(([name, each]) => [name, each.without]));
      const candidate = pins.get(last.name);
      if (candidate !== undefined)
        without.set(last.name, [candidate.version, ...(without.get(last.name) ?? [])]);
      resolution.undo(last.at);
      start = last.at;
      if (forbid(without)) return true;
      resolution.undo(last.at);
    }
    return false;
  }

  function forbid(without: ReadonlyMap<string, Criterion['without']>): boolean {
    for (const [name, versions] of without) {
      const criterion = resolution.criteria.get(name);
      if (criterion === undefined || versions.length === criterion.without.length) continue;
      const patched = { ...criterion, without: versions, best: null };
      if (!isPossible(patched)) return false;
      resolution.set(name, patched);
    }
    return true;
  }

  for (let round = 0; round < mostRounds; round++) {
    const name = resolution.next();
    if (name === null) return true;
    const failures = await pin(name);
    if (failures === 'late') return false;
    if (failures === null) {
      marks.push({ at: start, name });
      start = resolution.changes;
      continue;
    }
    tried += failures.length;
    resolution.blame(new Set([...failures, name]));
    if (tried > mostTried || !goBack()) return false;
  }
  return false;
}

interface Adding {
  /** @returns the name that leaves no way; `null`: all may be. */
  add(wanted: Pick<Requirement, 'name' | 'extras'>, asked: Asked): string | null;
  /** @returns names that left no way; `null`: it is pinned; `late`: no time is left. */
  pin(name: string): Promise<readonly string[] | null | 'late'>;
  isPossible(criterion: Criterion): boolean;
}

function openAdding(
  resolution: Resolution,
  { look, index }: Trail,
  { known, rest }: { readonly known: Known; rest(): Promise<boolean> },
): Adding {
  function* found(criterion: Criterion): Generator<Candidate> {
    const { project, extras } = criterion;
    index(project);
    const candidates = known.candidates(project);
    // Of a project whose index is not known yet, nothing.
    if (candidates === null) return;
    const ofBase = extras.length === 0 ? [] : (resolution.criteria.get(project)?.asked ?? []);
    for (const candidate of matches(criterion, [...criterion.asked, ...ofBase], candidates)) {
      look(candidate, extras);
      yield candidate;
    }
  }

  const bestOf = (criterion: Criterion): Candidate | null => {
    for (const candidate of found(criterion)) return candidate;
    return null;
  };

  function add({ name, extras }: Pick<Requirement, 'name' | 'extras'>, asked: Asked): string | null {
    const key = nameOf(name, extras);
    const before = resolution.criteria.get(key);
    const all = [...(before?.asked ?? []), asked];
    const criterion = { project: name, extras, without: before?.without ?? [], asked: all, best: null };
    const best = before?.best && isStillBest(before.best, asked) ? before.best : bestOf(criterion);
    if (best === null && known.candidates(name) !== null) return key;
    resolution.set(key, { ...criterion, best });
    return null;
  }

  function follow(key: string, candidate: Candidate, extras: readonly string[]): string | null {
    if (extras.length > 0) {
      const base = { name: candidate.project, extras: [] };
      const failed = add(base, { specifiers: [], by: key, only: candidate.version });
      if (failed !== null) return failed;
    }
    for (const needed of look(candidate, extras)) {
      const failed = add(needed, { specifiers: needed.specifiers, by: key, only: null });
      if (failed !== null) return failed;
    }
    return null;
  }

  return {
    add,
    isPossible: (criterion) => bestOf(criterion) !== null || known.candidates(criterion.project) === null,
    async pin(name) {
      const criterion = resolution.criteria.get(name);
      const failures: string[] = [];
      if (criterion === undefined) return failures;
      const before = resolution.changes;
      for (const candidate of found(criterion)) {
        if (!(await rest())) return 'late';
        const failed = follow(name, candidate, criterion.extras);
        if (failed === null) {
          resolution.pin(name, candidate);
          return null;
        }
        resolution.undo(before);
        failures.push(failed);
        if (failures.length > mostTried) break;
      }
      return failures;
    },
  };
}

interface Trail {
  index(project: string): void;
  /** What a version needs, as far as that is known. */
  look(candidate: Candidate, extras: readonly string[]): readonly Requirement[];
  told(): Pick<Resolved, 'steps' | 'missing'>;
}

function openTrail(known: Known): Trail {
  const steps = new Map<string, Step>();
  const missing: Step[] = [];

  function take(key: string, step: Step, isKnown: boolean): void {
    if (steps.has(key)) return;
    steps.set(key, step);
    if (!isKnown) missing.push(step);
  }

  return {
    index: (project) => take(project, { project }, known.candidates(project) !== null),
    look(candidate, extras) {
      const needs = candidate.isWheel ? known.needs(candidate, extras) : [];
      take(`${candidate.project} ${candidate.file.name}`, { candidate }, needs !== null);
      return needs ?? [];
    },
    told: () => ({ steps: [...steps.values()], missing }),
  };
}
