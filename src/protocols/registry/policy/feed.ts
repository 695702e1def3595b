/**
 * The feed of security advisories: a file or a folder of files in the OSV format, read again when it changes. One that cannot be read leaves
 * what was read before in force, and says so.
 *
 * It is parsed in a worker. What is kept is text by package, which takes a tenth of the memory of objects, and tells by comparison
 * which packages something has changed for.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { turn } from '../../turn.ts';
import type { FeedFile, FeedPart } from './feed-job.ts';
import type { AdvisoryOptions } from './options.ts';
import type { Advisory } from './osv.ts';

/** The whole of it. All records about npm, malware included, take about half of that. */
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_FILES = 500_000;
/** What the worker reads in one go, unless one file is longer. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 512;
/** Files that are looked at, or opened, at the same time. */
const AT_ONCE = 32;
/** What somebody writes while it is read may have been read by halves. */
const TRIES = 3;
/** Lines between two turns for everybody else. */
const LINES_AT_ONCE = 2_000;

export interface Feed {
  readonly state: FeedState;
  /** What is known of a package, by id; `null` while nothing has been read. */
  about(name: string): readonly Advisory[] | null;
  /** Resolves when it has been read for the first time, or could not be. */
  ready(): Promise<void>;
  begin(follower: FeedFollower): void;
  close(): void;
}

export interface FeedState {
  readonly path: string;
  /** When what is in force was read, ms since the epoch; `null`: nothing is. */
  readonly readMs: number | null;
  readonly advisories: number;
  /** Why the feed as it is now could not be read; `null`: it could. */
  readonly error: string | null;
}

export interface FeedFollower {
  warn(message: string, fields: Record<string, unknown>): void;
  /** For the first time. @param digest of what it says. */
  read(digest: string): void;
  /** It says something else of these packages. */
  changed(names: readonly string[], digest: string): void;
}

interface Content {
  /** Tab-separated JSON by package. */
  readonly byName: ReadonlyMap<string, string>;
  readonly advisories: number;
  readonly digest: string;
}

/** What an ecosystem reads files of records with. */
export interface FeedReader {
  /** Away from the event loop. @param buffers those of the files, which may be transferred. @throws `policy-unready` for what is no feed. */
  parse(files: readonly FeedFile[], buffers: ArrayBuffer[]): Promise<FeedPart>;
  /** One for all spellings of a name. */
  canonical(name: string): string;
}

export interface FeedDependencies {
  readonly reader: FeedReader;
  readonly clock: Clock;
}

export function openFeed(
  { path, checkS }: Pick<AdvisoryOptions, 'path' | 'checkS'>,
  { reader, clock }: FeedDependencies,
): Feed {
  let content: Content | null = null;
  let state: FeedState = { path, readMs: null, advisories: 0, error: null };
  /** Of the files that were read, or could not be read, last. */
  let seen = '';
  let first: Promise<void> | null = null;
  let follower: FeedFollower | null = null;
  let cancel = () => {};
  let isClosed = false;

  /** Never fails: what goes wrong is in `state`. */
  async function look(): Promise<void> {
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const files = await filesOf(path);
        const looks = appearance(files);
        if (looks === seen) return;
        const next = await read(files, reader);
        if (appearance(await filesOf(path)) !== looks) continue;
        seen = looks;
        return await take(next);
      }
      throw new MeridianError('policy-unready', `${path} changes while it is read`);
    } catch (error) {
      if (!isClosed) refuse(error);
    }
  }

  async function take(next: Content): Promise<void> {
    const before = content;
    const names = before === null ? [] : await difference(before, next);
    if (isClosed) return;
    content = next;
    state = { path, readMs: clock.now(), advisories: next.advisories, error: null };
    if (before === null) follower?.read(next.digest);
    else if (names.length > 0) follower?.changed(names, next.digest);
  }

  function refuse(error: unknown): void {
    const reason = reasonOf(error);
    if (state.error === reason) return;
    state = { ...state, error: reason };
    const inForce = state.readMs === null ? 'none' : `as of ${new Date(state.readMs).toISOString()}`;
    follower?.warn('the feed of advisories cannot be read', { path, reason, inForce });
  }

  function wait(): void {
    if (isClosed) return;
    cancel = clock.after(checkS * 1000, () => void look().then(wait));
  }

  const ready = () => {
    first ??= look();
    return first;
  };

  return {
    get state() {
      return state;
    },
    about(name) {
      if (content === null) return null;
      const text = content.byName.get(name);
      return text === undefined ? [] : parsed(text);
    },
    ready,
    begin(given) {
      follower = given;
      if (content !== null) follower.read(content.digest);
      void ready().then(wait);
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof MeridianError) return error.detail ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** What this process has written itself. */
function parsed(text: string): Advisory[] {
  return text.split('\t').map((each) => JSON.parse(each) as Advisory);
}

interface File {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The file, or those of the folder whose names end in `.json`, in the order of their names. */
async function filesOf(path: string): Promise<readonly File[]> {
  const whole = await stat(path);
  if (!whole.isDirectory())
    return bounded([{ name: path, path, bytes: whole.size, modifiedMs: whole.mtimeMs }]);
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort();
  if (names.length > MAX_FILES)
    throw new MeridianError('policy-unready', `there are more than ${MAX_FILES} files`);
  const files = await inTurns(names, async (name) => {
    const found = await stat(join(path, name));
    return { name, path: join(path, name), bytes: found.size, modifiedMs: found.mtimeMs };
  });
  return bounded(files);
}

function bounded(files: readonly File[]): readonly File[] {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > MAX_BYTES) throw new MeridianError('policy-unready', `the feed exceeds ${MAX_BYTES} bytes`);
  return files;
}

function appearance(files: readonly File[]): string {
  const hash = new Bun.CryptoHasher('sha256');
  for (const { name, bytes, modifiedMs } of files) hash.update(`${name} ${bytes} ${modifiedMs}\n`);
  return hash.digest('base64url');
}

async function read(files: readonly File[], reader: FeedReader): Promise<Content> {
  const byName = new Map<string, string[]>();
  let advisories = 0;
  for (const batch of batches(files)) {
    const loaded: FeedFile[] = await inTurns(batch, async ({ name, path }) => {
      return { name, bytes: await Bun.file(path).arrayBuffer() };
    });
    const buffers = loaded.map(({ bytes }) => bytes);
    const part = await reader.parse(loaded, buffers);
    advisories += part.advisories;
    await gather(part.lines, byName, reader);
  }
  return { ...(await sealed(byName)), advisories };
}

async function gather(
  lines: string,
  byName: Map<string, string[]>,
  { canonical }: FeedReader,
): Promise<void> {
  let count = 0;
  for (let at = 0; at < lines.length; ) {
    const tab = lines.indexOf('\t', at);
    const end = lines.indexOf('\n', tab);
    const name = canonical(lines.slice(at, tab));
    const known = byName.get(name);
    const text = lines.slice(tab + 1, end);
    if (known === undefined) byName.set(name, [text]);
    else known.push(text);
    at = end + 1;
    if (++count % LINES_AT_ONCE === 0) await turn();
  }
}

/** In an order that does not depend on that of the files. */
async function sealed(byName: ReadonlyMap<string, string[]>): Promise<Omit<Content, 'advisories'>> {
  const texts = new Map<string, string>();
  const hash = new Bun.CryptoHasher('sha256');
  let count = 0;
  for (const name of [...byName.keys()].sort()) {
    const text = (byName.get(name) ?? []).sort().join('\t');
    texts.set(name, text);
    hash.update(`${name}\t${text}\n`);
    if (++count % LINES_AT_ONCE === 0) await turn();
  }
  return { byName: texts, digest: hash.digest('base64url') };
}

/** Packages of which two feeds say different things. */
async function difference(before: Content, after: Content): Promise<string[]> {
  const names: string[] = [];
  let count = 0;
  for (const name of new Set([...before.byName.keys(), ...after.byName.keys()])) {
    if (before.byName.get(name) !== after.byName.get(name)) names.push(name);
    if (++count % LINES_AT_ONCE === 0) await turn();
  }
  return names;
}

function* batches(files: readonly File[]): Generator<readonly File[]> {
  let batch: File[] = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length === BATCH_FILES || (batch.length > 0 && bytes + file.bytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.bytes;
  }
  if (batch.length > 0) yield batch;
}

async function inTurns<From, To>(all: readonly From[], task: (each: From) => Promise<To>): Promise<To[]> {
  const done: To[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(task))));
  }
  return done;
}
