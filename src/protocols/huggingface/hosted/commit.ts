/**
 * A commit as clients send it: one JSON object in each line, a header first, then what is added and what is taken away. It becomes what `main` means in one
 * step, unless `main` has become something else meanwhile.
 */
import { z } from 'zod';
import type { Changing, Pulling } from '../../registry/ecosystem.ts';
import { amendPackage } from '../../registry/hosted/amend.ts';
import { type Held, withBlobs } from '../../registry/hosted/blob.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { publish } from '../../registry/hosted/publish.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import type { Repo } from '../address.ts';
import { gitHash } from '../files.ts';
import { jsonIn } from '../json.ts';
import { type Commit, type Entry, idOf, objects, pointerOf, type Snapshot } from './snapshot.ts';

/** Files of a repository. */
const mostFiles = 4_000;
/** UTF-16 units of a path. */
const longestPath = 400;

const path = z.string().refine(isPath, 'no path of a file');
const line = z.discriminatedUnion('key', [
  z.object({
    key: z.literal('header'),
    value: z.object({
      summary: z.string().max(1_000),
      description: z.string().max(20_000).nullish(),
      parentCommit: z.string().nullish(),
    }),
  }),
  z.object({
    key: z.literal('file'),
    value: z.object({ path, content: z.string(), encoding: z.enum(['base64', 'utf-8']).default('base64') }),
  }),
  z.object({
    key: z.literal('lfsFile'),
    value: z.object({
      path,
      algo: z.literal('sha256').default('sha256'),
      oid: z.string().regex(/^[0-9a-f]{64}$/),
      size: z.number().int().nonnegative().optional(),
    }),
  }),
  z.object({ key: z.literal('deletedFile'), value: z.object({ path }) }),
  z.object({ key: z.literal('deletedFolder'), value: z.object({ path: z.string() }) }),
]);
type Line = z.output<typeof line>;
type Change = Exclude<Line, { key: 'header' }>;
export type Header = Extract<Line, { key: 'header' }>['value'];

/** @throws a `Refusal` for what is no commit. */
export function linesOf(bytes: Uint8Array): { readonly header: Header; readonly changes: readonly Change[] } {
  const [first, ...changes] = Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((text) => text.trim() !== '')
    .map(lineOf);
  if (first?.key !== 'header') throw new Refusal(400, 'A commit begins with its header.');
  const others = changes.filter((each): each is Change => each.key !== 'header');
  if (others.length < changes.length) throw new Refusal(400, 'A commit has one header.');
  return { header: first.value, changes: others };
}

function lineOf(text: string, place: number): Line {
  return jsonIn(
    line,
    Buffer.from(text),
    (cause) => new Refusal(400, `Line ${place + 1} of the commit cannot be read.`, { cause }),
  );
}

/** @param parent `null`: it is the first. @throws a `Refusal`, and what `publish` does. */
export async function addCommit(
  repo: Repo,
  parent: Commit | null,
  { header, changes }: ReturnType<typeof linesOf>,
  at: Changing,
): Promise<string> {
  if (header.parentCommit != null && header.parentCommit !== parent?.id && header.parentCommit !== 'main')
    throw new Refusal(412, `${repo.name} has had another commit since ${header.parentCommit.slice(0, 40)}.`);
  return withBlobs(at, async (hold) => {
    const held = new Map<string, Held>();
    const entries = new Map((parent?.entries ?? []).map((entry) => [entry.path, entry]));
    for (const change of changes) {
      if (change.key === 'deletedFile' || change.key === 'deletedFolder') {
        takeAway(entries, change);
        continue;
      }
      if (change.key === 'lfsFile') {
        entries.set(change.value.path, await uploaded(repo, change.value, at));
        continue;
      }
      const bytes = contentOf(change.value);
      const blob = await hold(bytes);
      held.set(blob.sha256, blob);
      const { sha256, sizeBytes } = blob;
      entries.set(change.value.path, {
        ...{ path: change.value.path, sha256, git: gitHash(bytes), sizeBytes, isLfs: false },
      });
    }
    const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    refuseClashes(sorted);
    const { summary: title, description } = header;
    const snapshot = { parent: parent?.id ?? null, title, description: description ?? '', entries: sorted };
    return write(repo, snapshot, [...held.values()], at);
  });
}

/** Bytes first, then the commit, which nothing refers to yet, then `main`. */
async function write(repo: Repo, snapshot: Snapshot, held: readonly Held[], at: Pulling): Promise<string> {
  const id = idOf(repo, snapshot);
  const files = held.map((each) => ({ name: each.sha256, held: each }));
  await publish(at, { name: repo.name, version: objects, files, meta: {}, onExisting: 'add' });
  await publish(at, {
    name: repo.name,
    version: id,
    files: [],
    meta: { ...snapshot },
    onExisting: 'replace',
  });
  await amendPackage(
    at,
    { name: repo.name, action: 'commit', detail: { commit: id } },
    ({ meta: { main, ...meta } }) => {
      if ((main ?? null) !== snapshot.parent)
        throw new Refusal(412, `${repo.name} has had another commit meanwhile: ${String(main)}.`);
      return { ...meta, main: id };
    },
  );
  return id;
}

async function uploaded(
  { name }: Repo,
  { path, oid, size }: Extract<Change, { key: 'lfsFile' }>['value'],
  at: Pulling,
): Promise<Entry> {
  const found = await findFile(at, name, oid, objects);
  if (found === null) throw new Refusal(400, `The bytes of ${path} have not been uploaded: ${oid}.`);
  if (size !== undefined && size !== found.sizeBytes)
    throw new Refusal(400, `${path} has ${found.sizeBytes} bytes, not ${size}.`);
  const entry = { path, sha256: oid, sizeBytes: found.sizeBytes, isLfs: true };
  return { ...entry, git: gitHash(Buffer.from(pointerOf(entry))) };
}

function contentOf({
  path,
  content,
  encoding,
}: Extract<Change, { key: 'file' }>['value']): Uint8Array<ArrayBuffer> {
  if (encoding === 'utf-8') return new TextEncoder().encode(content);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content) || content.length % 4 !== 0)
    throw new Refusal(400, `What ${path} holds is no Base64.`);
  return new Uint8Array(Buffer.from(content, 'base64'));
}

function takeAway(
  entries: Map<string, Entry>,
  { key, value }: Extract<Change, { key: 'deletedFile' | 'deletedFolder' }>,
): void {
  const folder = `${value.path.replace(/\/+$/, '')}/`;
  const gone = [...entries.keys()].filter((each) =>
    key === 'deletedFile' ? each === value.path : each.startsWith(folder),
  );
  if (gone.length === 0) throw new Refusal(404, `There is no ${value.path.slice(0, longestPath)} to delete.`);
  for (const each of gone) entries.delete(each);
}

/** A path is a file or a folder. */
function refuseClashes(entries: readonly Entry[]): void {
  if (entries.length > mostFiles) throw new Refusal(413, `A repository may have ${mostFiles} files.`);
  const files = new Set(entries.map(({ path }) => path));
  for (const { path } of entries)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (files.has(path.slice(0, at)))
        throw new Refusal(400, `${path.slice(0, at)} is a file and a folder.`);
}

function isPath(path: string): boolean {
  if (path.length > longestPath || !path.isWellFormed() || /[\\\p{Cc}]/u.test(path)) return false;
  return path.split('/').every((each) => each !== '' && each !== '.' && each !== '..' && each !== '.git');
}
