/** One step through the tree: what a client asks for who needs a package in a range, and what that needs in turn. */
import type { Foreseen } from '../../../foresight.ts';
import type { Step } from '../../walk.ts';
import type { Needs } from './choices.ts';
import type { Tool } from './client.ts';
import type { Question } from './clue.ts';
import { likelihoodOfDocument, lockedChoice } from './likelihood.ts';
import { type Picker, satisfies, wishOf } from './pick.ts';
import { fits, isForOthers } from './platform.ts';
import type { Shelf } from './shelf.ts';

export interface Want {
  readonly name: string;
  readonly range: string;
  /** That it is wanted, and in this range. */
  readonly confidence: number;
  /** What it is needed by goes without it where it does not run here. */
  readonly isOptional?: boolean;
  /** Nobody needs it here; its document is read all the same. */
  readonly isForOthers?: boolean;
}

interface Manners {
  /** What others leave to the project is installed as well. */
  readonly installsPeers: boolean;
  /** Files are fetched once all is known. Others: as soon as they are. */
  readonly filesLast: boolean;
  /** Files of other platforms are fetched, too. */
  readonly forAll: boolean;
}

const manners: Readonly<Record<Tool, Manners>> = {
  npm: { installsPeers: true, filesLast: true, forAll: false },
  pnpm: { installsPeers: true, filesLast: false, forAll: false },
  yarn: { installsPeers: false, filesLast: true, forAll: true },
  berry: { installsPeers: false, filesLast: true, forAll: false },
  bun: { installsPeers: true, filesLast: false, forAll: false },
};

/** What is older is old enough for pnpm, unless it is told otherwise. */
const maturesMs = 86_400_000;

export interface Expander {
  step(want: Want): Promise<Step<Want>>;
  /** Peers that have been found to be missing by now. */
  left(): readonly Want[];
  /** What is fetched in the end. */
  files(): readonly Foreseen[];
}

/** The project most often has it already, in a version of its own choice. */
const likelyPeer = 0.5;

/** @param nowMs since the epoch. */
export function expander(
  { client, name: root, locked, form }: Question,
  shelf: Shelf,
  nowMs: number,
): Expander {
  const { installsPeers, filesLast, forAll } = manners[client.tool];
  const chosen = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const peers = new Map<string, Want>();
  const last: Foreseen[] = [];

  function choose(picker: Picker, { range, confidence }: Want): { at: number; confidence: number } | null {
    const at = picker.pick(range, client);
    if (at === null) return null;
    if (locked === null || picker.choices.versions[at]![0] === range) return { at, confidence };
    const choice = lockedChoice(picker, range, at, shelf);
    return { at: choice.at, confidence: Math.min(confidence, choice.confidence) };
  }

  function wantsOf(needs: Needs, confidence: number, isForOthers: boolean): readonly Want[] {
    const wants = (ranges: Needs['dependencies'] = {}, isOptional = false) =>
      Object.entries(ranges).flatMap(([name, spec]): Want[] => {
        const wish = wishOf(name, spec);
        return wish === null ? [] : [{ ...wish, confidence, isOptional, isForOthers }];
      });
    if (installsPeers && locked === null && !isForOthers)
      for (const want of wants(needs.peers)) peers.set(`${want.name} ${want.range}`, want);
    return [...wants(needs.dependencies), ...wants(needs.optional, true)];
  }

  /** pnpm, from its 11th version on, reads a whole document only to find out which versions are too new. */
  function isRead({ choices: { modifiedMs } }: Picker): boolean {
    if (client.tool !== 'pnpm' || form === 'abbreviated' || modifiedMs === null) return true;
    return nowMs - modifiedMs < maturesMs;
  }

  /** Whether what it needs is not known yet. */
  function note(name: string, version: string, isElsewhere: boolean): boolean {
    const versions = chosen.get(name) ?? new Set();
    chosen.set(name, versions.add(version));
    const id = `${name} ${version} ${isElsewhere}`;
    return !seen.has(id) && seen.add(id) !== undefined;
  }

  return {
    async step(want) {
      await shelf.rest();
      const picker = await shelf.load(want.name);
      if (picker === null) return { foreseen: [], wants: [] };
      const foreseen: Foreseen[] = [];
      if (locked === null && want.name !== root && !chosen.has(want.name) && isRead(picker))
        foreseen.push(shelf.document(want.name, likelihoodOfDocument(want.confidence)));
      const choice = choose(picker, want);
      if (choice === null) return { foreseen, wants: [] };
      const { at, confidence } = choice;
      const needs = picker.needsOf(at);
      const runsHere = forAll || (fits(needs, client.platform) && !isForOthers(want.name, client.platform));
      const isElsewhere = want.isForOthers === true || (want.isOptional === true && !runsHere);
      // Who has a lock file knows what is for others without asking.
      if (isElsewhere && locked !== null) return { foreseen: [], wants: [] };
      const isNew = note(want.name, picker.choices.versions[at]![0], isElsewhere);
      if (!isElsewhere) (filesLast ? last : foreseen).push(shelf.file(picker, at, confidence));
      return { foreseen, wants: isNew ? wantsOf(needs, confidence, isElsewhere) : [] };
    },

    left() {
      const missing = [...peers.values()].filter(
        ({ name, range }) => ![...(chosen.get(name) ?? [])].some((version) => satisfies(version, range)),
      );
      peers.clear();
      return missing.map((want) => ({ ...want, confidence: Math.min(want.confidence, likelyPeer) }));
    },

    files: () => last,
  };
}
