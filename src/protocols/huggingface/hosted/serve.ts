/** Serves what lives here as the Hub would. */
import type { Answer } from '../../../entry.ts';
import { cacheControlOf } from '../../kept-for.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { serveDocument, serveFile } from '../../registry/hosted/serve.ts';
import { type Address, filePath, type Repo } from '../address.ts';
import { fieldsOf, movedTo, typeOf } from '../files.ts';
import { addressOf } from '../items.ts';
import { hubError } from '../words.ts';
import {
  type Commit,
  commitAt,
  type Entry,
  type Hosted,
  objects,
  pointerOf,
  repositoryAt,
} from './snapshot.ts';

export async function serveHere(item: Item, at: Pulling): Promise<Answer> {
  const address = addressOf(item);
  if (!('repo' in address)) return hubError(404, null, 'There is nothing at this address.', 0);
  const { repo } = address;
  const hosted = await repositoryAt(repo, at);
  if (hosted === null) return hubError(404, 'RepoNotFound', `There is no ${repo.name}.`, 0);
  const rev = 'rev' in address ? (address.rev ?? 'main') : 'main';
  const commit = await commitAt(repo, rev, hosted, at);
  if (commit === null) return hubError(404, 'RevisionNotFound', `${repo.name} has no revision ${rev}.`, 0);
  switch (address.at) {
    case 'resolve':
    case 'raw':
      return item.kind === 'move'
        ? movedTo(`${at.registry.prefix}/${filePath(address.at, repo, commit.id, address.file)}`, commit.id, {
            'cache-control': cacheControlOf(at.registry.metadata, new Headers()),
          })
        : serveEntry(address, commit, at);
    case 'info':
      return json(
        item,
        infoOf(repo, commit, { hosted, isWithBlobs: item.path.includes('blobs=true') }, at),
        at,
      );
    case 'tree': {
      const entries = treeOf(commit, address.path, /[?&]recursive=(?:true|1)/i.test(item.path));
      if (entries === null)
        return hubError(404, 'EntryNotFound', `${repo.name} has no folder ${address.path}.`, 0);
      return json(item, entries, at);
    }
    case 'refs':
      return json(
        item,
        {
          branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: hosted.head }],
          tags: [],
          converts: [],
        },
        at,
      );
    case 'commits':
      return json(item, await historyOf(repo, commit, hosted, at), at);
    default:
      return hubError(404, null, 'There is nothing at this address.', 0);
  }
}

async function serveEntry(
  { at: verb, repo, rev, file }: Extract<Address, { at: 'resolve' | 'raw' }>,
  { entries }: Commit,
  at: Pulling,
): Promise<Answer> {
  const entry = entries.find(({ path }) => path === file);
  if (entry === undefined) return hubError(404, 'EntryNotFound', `${repo.name} has no file ${file}.`, 0);
  const { sha256, git, sizeBytes, isLfs } = entry;
  if (verb === 'raw' && isLfs) {
    const document = { body: pointerOf(entry), type: 'text/plain; charset=utf-8' };
    return serveDocument({ name: repo.name }, document, at);
  }
  const found = await findFile(at, repo.name, sha256, objects);
  if (found === null) return hubError(404, 'EntryNotFound', `The bytes of ${file} are missing.`, 0);
  const fields = fieldsOf({ rev, file }, { sha256: isLfs ? sha256 : null, git, sizeBytes });
  return serveFile(found, typeOf(file), at, { fields });
}

function json(item: Item, value: unknown, at: Pulling): Answer {
  return serveDocument(item, { body: JSON.stringify(value), type: 'application/json' }, at);
}

function infoOf(
  repo: Repo,
  { id: sha, atMs, entries }: Commit,
  { hosted, isWithBlobs }: { readonly hosted: Hosted; readonly isWithBlobs: boolean },
  { registry }: Pulling,
): unknown {
  const { id, name } = repo;
  return {
    ...{ _id: sha.slice(0, 24), id, ...(repo.type === 'models' && { modelId: id }) },
    ...{ author: id.split('/')[0], sha, lastModified: new Date(atMs).toISOString() },
    ...{ createdAt: new Date(hosted.createdMs).toISOString(), private: registry.isRestricted(name) },
    ...{ gated: false, disabled: false, downloads: 0, likes: 0, tags: [], cardData: {} },
    siblings: entries.map((entry) => ({
      rfilename: entry.path,
      ...(isWithBlobs && { size: entry.sizeBytes, blobId: entry.git, ...lfsOf(entry) }),
    })),
  };
}

function lfsOf(entry: Entry): object {
  const { isLfs, sha256, sizeBytes } = entry;
  if (!isLfs) return {};
  const pointerSize = pointerOf(entry).length;
  return { lfs: { oid: sha256, sha256, size: sizeBytes, pointerSize } };
}

export function fileEntry(entry: Entry): object {
  return { type: 'file', oid: entry.git, size: entry.sizeBytes, path: entry.path, ...lfsOf(entry) };
}

/** `null`: there is no such folder. */
export function treeOf({ entries }: Commit, folder: string, isRecursive: boolean): readonly object[] | null {
  const prefix = folder === '' ? '' : `${folder}/`;
  const within = entries.filter(({ path }) => path.startsWith(prefix));
  if (within.length === 0 && folder !== '') return null;
  const folders = new Set<string>();
  const listed: object[] = [];
  for (const entry of within) {
    const below = entry.path.slice(prefix.length).split('/').slice(0, -1);
    const depths = isRecursive ? below.length : Math.min(1, below.length);
    for (let depth = 1; depth <= depths; depth++) folders.add(prefix + below.slice(0, depth).join('/'));
    if (isRecursive || below.length === 0) listed.push(fileEntry(entry));
  }
  return [...[...folders].map(folderEntry), ...listed];
}

export function folderEntry(path: string): object {
  const oid = new Bun.CryptoHasher('sha1').update(`tree ${path}`).digest('hex');
  return { type: 'directory', oid, size: 0, path };
}

/** Commits of one list. More are not told. */
const mostCommits = 50;

async function historyOf(repo: Repo, from: Commit, hosted: Hosted, at: Pulling): Promise<readonly object[]> {
  const told: object[] = [];
  for (let next: Commit | null = from; next !== null && told.length < mostCommits; ) {
    const { id, title, description, by, atMs, parent }: Commit = next;
    const date = new Date(atMs).toISOString();
    told.push({ id, title, message: description, authors: [{ user: by, avatar: '' }], date });
    next = parent === null ? null : await commitAt(repo, parent, hosted, at);
  }
  return told;
}
