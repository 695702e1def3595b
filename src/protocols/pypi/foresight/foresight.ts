/**
 * What pip, uv and their like ask for next. The first request that names a version tells which tree they are about to fetch; of an index alone, the
 * newest version is a guess. Dependencies are resolved as pip resolves them, for the machine that the client says it is.
 */
import type {
  Beginning,
  EcosystemForesight,
  Expanded,
  ForeseenItem,
  Tree,
  Want,
} from '../../registry/ecosystem.ts';
import { renderings } from '../negotiate.ts';
import { fileItem, indexItem, metadataItem } from '../path.ts';
import type { Candidate } from './candidates.ts';
import { clientIn, clientOf, codingsOf, wordsOf } from './client.ts';
import { type Documents, openDocuments } from './documents.ts';
import type { Resolved } from './resolve.ts';
import { isDocument, openSession, type Session } from './session.ts';

/** How sure one may be of what follows. */
interface Trust {
  readonly index: number;
  readonly metadata: number;
  readonly file: number;
}

const certain: Trust = { index: 1, metadata: 1, file: 1 };
/** Most people want the newest version; of whoever has pinned another one, the next request says so, before he wants the file. */
const guessed: Trust = { index: 0.85, metadata: 0.45, file: 0.4 };
/** Of what his own first index leads to. */
const newest = 0.6;
/** Who has an old version has pinned it, and the others with it, or not: which version of those, they say themselves. */
const old: Trust = { index: 0.9, metadata: 0.45, file: 0.4 };
/** Of what a lock file names beside it: it may be older than it looks. */
const locked = 0.6;
/** Of what was looked at on the way, and not taken. */
const passing = 0.8;
/** Of a wheel for a machine that had to be guessed. */
const elsewhere = 0.7;

const sessionNote = 'session';
const beginningNote = 'beginning';

export function pypiForesight(documents: Documents = openDocuments()): EcosystemForesight {
  function sessionOf(tree: Tree): Session | null {
    const known = tree.notes.get(sessionNote) as Session | undefined;
    if (known !== undefined) return known;
    const client = clientIn(tree.about);
    if (client === null) return null;
    const session = openSession(client, documents, tree);
    tree.notes.set(sessionNote, session);
    return session;
  }

  return {
    begins(item, headers, doing): Beginning | null {
      const { name, kind, version, form } = item;
      const client = name === null ? null : clientOf(headers);
      if (name === null || client === null) return null;
      const begun = doing.asked('metadata') + doing.asked('file');
      const about = wordsOf(client);
      if (kind === 'project') {
        // pip asks for its own index after all the others, to see whether it is the newest.
        if (begun > 0 || name === 'pip') return null;
        const own = form === undefined ? about : { ...about, form };
        return { wants: [{ name, range: '', detail: kind }], about: own };
      }
      if (version === undefined || (kind === 'file' && !item.path.endsWith('.whl'))) return null;
      // Whoever has read what all of the tree needs has nothing left to find out.
      if (kind === 'file' && doing.asked('metadata') > 0) return null;
      const isLocked = kind === 'file' && doing.asked('project') === 0;
      const wants = [{ name, range: `==${version}`, detail: kind }];
      // Of the newest version of what was asked for first, it was a guess, and of what that needs, not even one.
      return { wants, about: isLocked ? { ...about, locked: 'yes' } : about, settles: kind === 'metadata' };
    },

    codings: codingsOf,

    async expand(want, tree): Promise<Expanded> {
      const session = sessionOf(tree);
      if (session === null) return { items: [], wants: [] };
      if (isDocument(want)) await session.read(want);
      else {
        session.begin(want);
        tree.notes.set(beginningNote, [...beginnings(tree), want]);
      }
      return { items: [], wants: await session.next() };
    },

    async ends(tree) {
      const session = sessionOf(tree);
      return session === null ? [] : told(session, await session.resolved(), tree);
    },
  };
}

function beginnings(tree: Tree): readonly Want[] {
  return (tree.notes.get(beginningNote) as readonly Want[] | undefined) ?? [];
}

function told(session: Session, resolved: Resolved, tree: Tree): readonly ForeseenItem[] {
  const { client } = session;
  const begun = beginnings(tree);
  const isLocked = tree.about['locked'] === 'yes';
  const trust = trustIn(session, resolved, begun, isLocked);
  const taken = new Set(resolved.taken.map(({ file }) => file.name));
  const isRoot = (project: string) => begun.find(({ name }) => name === project);
  /** What the client has asked for by itself already, in the order in which it goes on. */
  const stages = ['project', 'metadata', 'file'];
  const hasAsked = (project: string, stage: string) =>
    stages.indexOf(isRoot(project)?.detail ?? '') >= stages.indexOf(stage);

  function sureOf({ project, file, isWheel }: Candidate, of: 'metadata' | 'file'): number {
    const fits = client.isGuessed && isWheel && !file.name.endsWith('-any.whl') ? elsewhere : 1;
    const range = isRoot(project)?.range;
    const own = range === '' && of === 'metadata' ? newest : range ? 1 : trust[of];
    return own * fits * (taken.has(file.name) ? 1 : passing);
  }
  function fileOf(candidate: Candidate): readonly ForeseenItem[] {
    const { project, text, file } = candidate;
    if (hasAsked(project, 'file')) return [];
    const item = fileItem(project, file.name, text);
    return [{ item, ...bytes(file.sizeBytes), ...likelihood(sureOf(candidate, 'file')) }];
  }
  function indexOf(project: string): readonly ForeseenItem[] {
    if (hasAsked(project, 'project')) return [];
    const item = indexItem(project, client.form);
    const accept = renderings[client.form];
    return [{ item, accept, ...bytes(session.bytesOf(project)), ...likelihood(trust.index) }];
  }
  /** What is asked of a version to learn what it needs. */
  function lookAt(candidate: Candidate): readonly ForeseenItem[] {
    const { project, text, file, isWheel } = candidate;
    if (!isWheel || !file.hasMetadata || !client.asksMetadata) return fileOf(candidate);
    if (hasAsked(project, 'metadata')) return [];
    return [{ item: metadataItem(project, file.name, text), ...likelihood(sureOf(candidate, 'metadata')) }];
  }

  if (isLocked) return resolved.taken.flatMap(fileOf);
  const steps = resolved.steps.flatMap((step) =>
    'project' in step ? indexOf(step.project) : lookAt(step.candidate),
  );
  return [...steps, ...resolved.taken.flatMap(fileOf)];
}

function trustIn(
  { isOld }: Session,
  { isSolved }: Resolved,
  begun: readonly Want[],
  isLocked: boolean,
): Trust {
  const trust = isOld ? old : begun.some(({ range }) => range === '') ? guessed : certain;
  const sure = isSolved ? 1 : passing;
  const file = isLocked ? Math.min(locked, trust.file) : trust.file;
  return { index: trust.index, metadata: trust.metadata * sure, file: file * sure };
}

function likelihood(sure: number): Pick<ForeseenItem, 'likelihood'> {
  return sure < 1 ? { likelihood: Math.round(sure * 100) / 100 } : {};
}

function bytes(size: number | null | undefined): Pick<ForeseenItem, 'bytes'> {
  return size == null ? {} : { bytes: size };
}
