/**
 * Repositories that live here. Each commit is a document of its own that says which files there are, and never changes; `main` is the name of one of them. The
 * bytes of all commits lie side by side under their SHA-256, so that a commit costs what is new in it.
 */
import { z } from 'zod';
import type { Pulling } from '../../registry/ecosystem.ts';
import { findPackage, findVersion } from '../../registry/hosted/find.ts';
import { isCommit, type Repo } from '../address.ts';

/** The version that holds the bytes of all others, each by its SHA-256. */
export const objects = 'objects';

const entry = z.object({
  path: z.string(),
  sha256: z.string(),
  /** As Git names what it keeps: the file itself, or what stands for it. */
  git: z.string(),
  sizeBytes: z.number(),
  isLfs: z.boolean(),
});
export type Entry = Readonly<z.output<typeof entry>>;

const meta = z.object({
  parent: z.string().nullable(),
  title: z.string(),
  description: z.string(),
  entries: z.array(entry).readonly(),
});
export type Snapshot = Readonly<z.output<typeof meta>>;

export interface Commit extends Snapshot {
  readonly id: string;
  /** ms since the epoch. */
  readonly atMs: number;
  readonly by: string;
}

export interface Hosted {
  /** Of `main`. */
  readonly head: string;
  /** ms since the epoch. */
  readonly createdMs: number;
}

const refs = z.object({ main: z.string() });

/** `null`: there is no such repository. */
export async function repositoryAt(repo: Repo, at: Pulling): Promise<Hosted | null> {
  const found = await findPackage(at, repo.name);
  const known = refs.safeParse(found?.meta);
  return found === null || !known.success ? null : { head: known.data.main, createdMs: found.createdMs };
}

/** @param rev `main`, a commit, or the beginning of the hash of the newest one. `null`: there is none. */
export async function commitAt(repo: Repo, rev: string, hosted: Hosted, at: Pulling): Promise<Commit | null> {
  const isHead =
    rev === 'main' || rev === 'HEAD' || (/^[0-9a-f]{7,}$/.test(rev) && hosted.head.startsWith(rev));
  const id = isHead ? hosted.head : rev;
  const found = isCommit(id) ? await findVersion(at, repo.name, id) : null;
  if (found === null) return null;
  return { ...meta.parse(found.meta), id, atMs: found.publishedMs, by: found.publisher };
}

/** The same for the same content on the same ground, whoever asks for it again. */
export function idOf(repo: Repo, snapshot: Snapshot): string {
  const { parent, title, description, entries } = snapshot;
  const files = entries.map(({ path, sha256, isLfs }) => [path, sha256, isLfs]);
  const said = JSON.stringify([repo.name, parent, title, description, files]);
  return new Bun.CryptoHasher('sha1').update(`commit ${said.length}\0${said}`).digest('hex');
}

/** What Git keeps in place of a large file. */
export function pointerOf({ sha256, sizeBytes }: Pick<Entry, 'sha256' | 'sizeBytes'>): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${sizeBytes}\n`;
}
