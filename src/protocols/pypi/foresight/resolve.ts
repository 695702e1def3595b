/**
 * Resolves a tree as pip does (resolvelib, and pip's own preferences), to know what it will ask for, and in which order: also the versions that it
 * looks at and does not take. What is not known yet is taken to need nothing, and told of: with that it is resolved again.
 */
import type { Candidate, Candidates } from './candidates.ts';
import { type Asked, type Criterion, matches, nameOf, satisfies } from './criteria.ts';
import type { Environment } from './marker.ts';
import { isNeeded, type Requirement } from './requirement.ts';

export interface Known {
  /** `null`: not known yet. */
  candidates(project: string): Candidates | null;
  needs(candidate: Candidate): readonly Requirement[] | null;
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

interface State {
  readonly pins: Map<string, Candidate>;
  readonly criteria: Map<string, Criterion>;
}

/** Versions that are looked at in vain, and rounds: a client may try for minutes, and what it asks for then nobody can tell. */
const mostTried = 400;
const mostRounds = 4_000;

export function resolve(roots: readonly Requirement[], known: Known, environment: Environment): Resolved {
  const steps = new Map<string, Step>();
  const missing = new Map<string, Step>();
  const depths = new Map<string, number>();
  const requested = new Map(roots.map((root, nth) => [nameOf(root.name, root.extras), nth]));
  let causes: ReadonlySet<string> = new Set();
  let tried = 0;

  function need(key: string, step: Step, isKnown: boolean): void {
    if (!steps.has(key)) steps.set(key, step);
    if (!isKnown) missing.set(key, step);
  }

  function look(candidate: Candidate): readonly Requirement[] {
    const needs = candidate.isWheel ? known.needs(candidate) : [];
    need(`${candidate.project} ${candidate.file.name}`, { candidate }, needs !== null);
    return needs ?? [];
  }

  /** Of a project whose index is not known yet, nothing. */
  function* found(criterion: Criterion, criteria: State['criteria']): Generator<Candidate> {
    const { project, extras } = criterion;
    const candidates = known.candidates(project);
    need(project, { project }, candidates !== null);
    if (candidates === null) return;
    const ofBase = extras.length === 0 ? [] : (criteria.get(project)?.asked ?? []);
    for (const candidate of matches(criterion, [...criterion.asked, ...ofBase], candidates)) {
      look(candidate);
      yield candidate;
    }
  }

  const isPending = ({ project }: Criterion) => known.candidates(project) === null;
  /** Whether there is anything left; of what is not known yet, there is. */
  const isPossible = (criterion: Criterion, criteria: State['criteria']) =>
    found(criterion, criteria).next().done !== true || isPending(criterion);

  function add(criteria: State['criteria'], { name, extras }: Requirement, asked: Asked): string | null {
    const key = nameOf(name, extras);
    const before = criteria.get(key);
    const criterion = {
      ...{ project: name, extras, without: before?.without ?? [] },
      asked: [...(before?.asked ?? []), asked],
    };
    if (!isPossible(criterion, criteria)) return key;
    criteria.set(key, criterion);
    return null;
  }

  /** What follows of a version. @returns the name that leaves no way; `null`: all may be. */
  function follow(criteria: State['criteria'], key: string, candidate: Candidate, extras: readonly string[]) {
    const base = { name: candidate.project, extras: [], specifiers: [], marker: null };
    if (extras.length > 0) {
      const failed = add(criteria, base, { specifiers: [], by: key, only: candidate.version });
      if (failed !== null) return failed;
    }
    for (const needed of look(candidate)) {
      if (!isNeeded(needed, environment, extras)) continue;
      const failed = add(criteria, needed, { specifiers: needed.specifiers, by: key, only: null });
      if (failed !== null) return failed;
    }
    return null;
  }

  function pin(state: State, key: string): readonly string[] | null {
    const criterion = state.criteria.get(key)!;
    const failures: string[] = [];
    for (const candidate of found(criterion, state.criteria)) {
      const criteria = new Map(state.criteria);
      const failed = follow(criteria, key, candidate, criterion.extras);
      if (failed !== null) {
        failures.push(failed);
        if (++tried > mostTried) return failures;
        continue;
      }
      for (const [name, each] of criteria) state.criteria.set(name, each);
      state.pins.delete(key);
      state.pins.set(key, candidate);
      return null;
    }
    return failures;
  }

  function preference(key: string, { asked }: Criterion): readonly (number | string)[] {
    const order = requested.get(key);
    const depth =
      order === undefined
        ? Math.min(...asked.map(({ by }) => (by === null ? 0 : (depths.get(by) ?? 0)))) + 1
        : 1;
    depths.set(key, depth);
    const operators = asked.flatMap(({ specifiers }) => specifiers.map(({ operator }) => operator));
    return [
      key === 'setuptools' ? 1 : 0,
      asked.some(({ only }) => only !== null) ? 0 : 1,
      operators.some((operator) => operator.startsWith('==')) ? 0 : 1,
      causes.has(key) ? 0 : 1,
      ...[depth, order ?? Number.POSITIVE_INFINITY, operators.length > 0 ? 0 : 1, key],
    ];
  }

  function nextOf({ pins, criteria }: State): string | null {
    let best: { readonly key: string; readonly by: readonly (number | string)[] } | null = null;
    for (const [key, criterion] of criteria) {
      const pinned = pins.get(key);
      if (isPending(criterion) || (pinned !== undefined && satisfies(pinned, criterion.asked))) continue;
      const by = preference(key, criterion);
      if (best === null || isBefore(by, best.by)) best = { key, by };
    }
    return best?.key ?? null;
  }

  const first: State = { pins: new Map(), criteria: new Map() };
  let isSolved = roots.every(
    (root) => add(first.criteria, root, { specifiers: root.specifiers, by: null, only: null }) === null,
  );
  const states: State[] = [first, copyOf(first)];
  for (let round = 0; isSolved; round++) {
    const state = states.at(-1)!;
    const key = nextOf(state);
    if (key === null) break;
    const failures = pin(state, key);
    if (failures === null) states.push(copyOf(state));
    else {
      causes = new Set([...failures, key]);
      isSolved = tried <= mostTried && backtrack(states, isPossible);
    }
    if (round > mostRounds) isSolved = false;
  }
  const pins = states.at(-1)?.pins.values() ?? [];
  const taken = [...new Map([...pins].map((each) => [each.project, each])).values()];
  return { steps: [...steps.values()], taken, missing: [...missing.values()], isSolved };
}

/** Goes back to where another version may be taken; resolvelib's `_backtrack`. @returns `false`: there is none. */
function backtrack(
  states: State[],
  isPossible: (criterion: Criterion, criteria: State['criteria']) => boolean,
): boolean {
  while (states.length >= 3) {
    states.pop();
    const broken = states.pop()!;
    const [key, candidate] = [...broken.pins].at(-1)!;
    const without = [...broken.criteria].map(([name, each]) => [name, each.without] as const);
    const state = copyOf(states.at(-1)!);
    states.push(state);
    const fits = [...without, [key, [candidate.version]] as const].every(([name, versions]) => {
      const criterion = state.criteria.get(name);
      if (versions.length === 0 || criterion === undefined) return true;
      const patched = { ...criterion, without: [...versions, ...criterion.without] };
      if (!isPossible(patched, state.criteria)) return false;
      state.criteria.set(name, patched);
      return true;
    });
    if (fits) return true;
  }
  return false;
}

function copyOf({ pins, criteria }: State): State {
  return { pins: new Map(pins), criteria: new Map(criteria) };
}

function isBefore(one: readonly (number | string)[], other: readonly (number | string)[]): boolean {
  for (const [at, value] of one.entries()) {
    const against = other[at]!;
    if (value !== against) return value < against;
  }
  return false;
}
