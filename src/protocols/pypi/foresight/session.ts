/** One tree that is being found out: what is known of it so far, and what has to be read next. */

import type { Tree, Want } from '../../registry/ecosystem.ts';
import { turn } from '../../turn.ts';
import { normalise } from '../names.ts';
import { compareVersions, isPrerelease, type Version } from '../version.ts';
import { type Candidate, type Candidates, candidatesOf, pythonRule } from './candidates.ts';
import type { Client } from './client.ts';
import { nameOf } from './criteria.ts';
import type { Documents } from './documents.ts';
import { environmentOf } from './marker.ts';
import type { Page } from './page.ts';
import { isNeeded, type Requirement } from './requirement.ts';
import { type Resolved, resolve, type Step } from './resolve.ts';
import { isAllowed, readSpecifiers } from './specifier.ts';
import { rankFor } from './tags.ts';

export interface Session {
  readonly client: Client;
  /** Something that the client is known to want. */
  begin(want: Want): void;
  /** Reads what a want of `next` is about. */
  read(want: Want): Promise<void>;
  /** What is to be read next, once all has been read that was to be read before. */
  next(): Promise<readonly Want[]>;
  /** As far as it is known, and as far as there is time for it. */
  resolved(): Promise<Resolved>;
  /** Length of a project's index, about. */
  bytesOf(project: string): number | undefined;
  /** Whether somebody has chosen a version that is not the newest: the others of that tree may be old as well. */
  readonly isOld: boolean;
}

/** Words of wants that are about documents; no request begins with them. */
const ofPage = '.page';
const ofMetadata = '.metadata';

export const isDocument = ({ detail = '' }: Want) => detail === ofPage || detail === ofMetadata;

export function openSession(client: Client, documents: Documents, tree: Tree): Session {
  const known = {
    ...{ rank: rankFor(client), mayRun: pythonRule(client), environment: environmentOf(client) },
    ...{ pages: new Map<string, Page | null>(), candidates: new Map<string, Candidates>() },
    held: new Map<string, readonly Requirement[]>(),
    ...{ needs: new Map<string, readonly Requirement[]>(), waiting: new Map<string, Candidate>() },
  };
  const roots: Requirement[] = [];
  /** What is being read. */
  const outstanding = new Set<string>();
  let beforeMs: number | null = null;
  let isOld = false;
  let changes = 0;

  function candidates(project: string): Candidates | null {
    const page = known.pages.get(project);
    if (page === undefined) return null;
    const made =
      known.candidates.get(project) ??
      candidatesOf(project, page ?? nothing, { ...known, beforeMs: isRoot(project) ? null : beforeMs });
    known.candidates.set(project, made);
    return made;
  }

  const isRoot = (project: string) => roots.some(({ name }) => name === project);

  /** What was chosen tells from when the choice is: from before its successor was there. */
  function lookBack(root: Requirement): void {
    const list = candidates(root.name);
    const chosen = list && firstOf(list.those((version) => isAllowed(version, root.specifiers)));
    if (!list || !chosen) return;
    const successors = [...list.those((version) => isSuccessor(version, chosen.version))];
    if (successors.length === 0) return;
    isOld = true;
    const times = successors.flatMap(({ file }) => file.uploadedMs ?? []);
    const earliest = Math.min(...times, beforeMs ?? Number.POSITIVE_INFINITY);
    beforeMs = Number.isFinite(earliest) ? earliest : null;
  }

  /** What holds on this machine, each found out once. */
  function needs(candidate: Candidate, extras: readonly string[]): readonly Requirement[] | null {
    const all = known.needs.get(keyOf(candidate));
    if (all === undefined) return null;
    const key = nameOf(keyOf(candidate), extras);
    const held = known.held.get(key) ?? all.filter((each) => isNeeded(each, known.environment, extras));
    known.held.set(key, held);
    return held;
  }

  /** Of what was known after so many changes. */
  let latest: { readonly changes: number; readonly resolved: Resolved } | null = null;
  let resolving: Promise<Resolved> | null = null;

  async function resolveAll(): Promise<Resolved> {
    await turn();
    for (;;) {
      const at = changes;
      const resolved = await resolve(roots, { candidates, needs }, tree.rest);
      const isOver = !(await tree.rest());
      // Rather what was found before, than what there was no time for.
      if (isOver && latest !== null) return latest.resolved;
      latest = { changes: at, resolved };
      if (isOver || changes === at) return resolved;
    }
  }

  async function resolved(): Promise<Resolved> {
    if (latest?.changes === changes) return latest.resolved;
    resolving ??= resolveAll().finally(() => {
      resolving = null;
    });
    return resolving;
  }

  return {
    client,
    begin({ name, range }) {
      const specifiers = readSpecifiers(range);
      if (specifiers === null) return;
      changes++;
      roots.push({ name: normalise(name), extras: [], specifiers, marker: null });
    },
    async read(want) {
      const { name, detail } = want;
      const candidate = known.waiting.get(keyOfWant(want));
      if (detail === ofPage) known.pages.set(name, await orNone(documents.page(name, tree)));
      else if (candidate !== undefined)
        known.needs.set(keyOf(candidate), (await orNone(documents.needs(candidate, tree))) ?? []);
      changes++;
      outstanding.delete(keyOfWant(want));
      for (const root of roots) if (root.name === name && root.specifiers.length > 0) lookBack(root);
    },
    async next() {
      // Whoever is at it takes into account what is new.
      if (outstanding.size > 0 || resolving !== null) return [];
      const { missing } = await resolved();
      const wants = missing.map((step) => wantOf(step, known.waiting));
      for (const want of wants) outstanding.add(keyOfWant(want));
      return wants;
    },
    resolved,
    get isOld() {
      return isOld;
    },
    bytesOf: (project) => known.pages.get(project)?.bytes,
  };
}

async function orNone<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch {
    return null; // Whoever asks for it hears what is wrong; of the rest of the tree something is known.
  }
}

function firstOf<T>(all: Iterable<T>): T | null {
  for (const each of all) return each;
  return null;
}

function isSuccessor(version: Version, chosen: Version): boolean {
  return !isPrerelease(version) && compareVersions(version, chosen) > 0;
}

const nothing: Page = { releases: [], bytes: 0, weight: 0 };

function keyOf({ project, file }: Candidate): string {
  return `${project} ${file.name}`;
}

function keyOfWant({ name, range }: Want): string {
  return `${name} ${range}`;
}

function wantOf(step: Step, waiting: Map<string, Candidate>): Want {
  if ('project' in step) return { name: step.project, range: '', detail: ofPage };
  const { project, file } = step.candidate;
  waiting.set(keyOf(step.candidate), step.candidate);
  return { name: project, range: file.name, detail: ofMetadata };
}
