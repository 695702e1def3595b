/** What can be asked for, as items: documents of a repository, files of a commit, and where a revision that moves points to. */
import type { Item } from '../registry/ecosystem.ts';
import {
  type Address,
  filePath,
  infoPath,
  isCommit,
  listPath,
  type ReadAddress,
  type Repo,
  readAddress,
  treePath,
} from './address.ts';

type FileAddress = Extract<Address, { at: 'resolve' | 'raw' }>;

/** What a repository is, at a revision. @param query with its question mark: it says which fields are wanted. */
export function infoItem(repo: Repo, rev: string | null, query = ''): Item {
  return { kind: 'info', name: repo.name, path: infoPath(repo, rev) + query, isText: true };
}

/** Pages of it link to each other. */
export function treeItem(repo: Repo, rev: string, path: string, query: string): Item {
  return {
    ...{ kind: 'tree', name: repo.name, path: treePath(repo, rev, path) + query },
    ...{ isText: true, isRendered: true },
  };
}

export function listItem(repo: Repo, what: string, query: string): Item {
  return {
    ...{ kind: 'list', name: repo.name, path: listPath(repo, what) + query },
    ...{ isText: true, isRendered: true },
  };
}

export function searchItem(type: string, query: string): Item {
  return { kind: 'search', name: null, path: `api/${type}${query}`, isText: true, isRendered: true };
}

/** Of a commit: the file. Of any other revision: where it is found today, so that bytes are kept once. */
export function fileItem({ at, repo, rev, file }: FileAddress): Item {
  const [name, path] = [repo.name, filePath(at, repo, rev, file)];
  return isCommit(rev)
    ? { kind: 'file', name, path, version: rev, isFile: true, inParts: 'ahead' }
    : { kind: 'move', name, path };
}

/** What the upstream says of a file beside its bytes. For the origin itself. */
export function factsItem({ name, path }: Item): Item {
  return { kind: 'facts', name, path };
}

/** What an item was named by. */
export function addressOf({ path }: Item): ReadAddress {
  return readAddress(`/${path.split('?')[0]}`);
}
