/**
 * Writes a layout: as a folder, in which what an earlier run has written stays and is not written again; or as a tar archive, for a path that
 * ends in `.tar`, as a whole. Either way, its index comes last, so that it names nothing that is not there.
 */
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { blockBytes, headerOf, paddingOf } from '../../../tar.ts';
import { appear, asJson, draftOf, isWritten, writeWhole } from '../../../written-file.ts';
import { algorithmOf, type Digest, hexOf } from '../../digest.ts';
import {
  blobPath,
  broken,
  indexFile,
  indexOf,
  type LayoutEntry,
  layoutFile,
  layoutVersion,
  longestIndex,
  nameOf,
  readIndex,
} from './format.ts';

export interface LayoutOut {
  /** Whether it is there, whole, from before. */
  has(digest: Digest, sizeBytes: number): Promise<boolean>;
  add(digest: Digest, sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<void>;
  finish(entries: readonly LayoutEntry[]): Promise<void>;
  /** Instead of `finish`. */
  abandon(): Promise<void>;
}

/** @param path absolute. */
export function createLayout(path: string): Promise<LayoutOut> {
  return path.endsWith('.tar') ? createArchive(path) : createFolder(path);
}

/** Writes nothing. */
export async function foresee(path: string): Promise<LayoutOut> {
  const nothing = async () => {};
  const has: LayoutOut['has'] = path.endsWith('.tar') ? async () => false : hasIn(path);
  return { has, add: nothing, finish: nothing, abandon: nothing };
}

function hasIn(folder: string): LayoutOut['has'] {
  return (digest, sizeBytes) =>
    isWritten(join(folder, blobPath(digest)), {
      ...{ sizeBytes, algorithm: algorithmOf(digest), hex: hexOf(digest) },
    });
}

async function createFolder(folder: string): Promise<LayoutOut> {
  for (const algorithm of ['sha256', 'sha512'])
    await mkdir(join(folder, 'blobs', algorithm), { recursive: true });
  const before = await entriesIn(join(folder, indexFile));
  return {
    has: hasIn(folder),
    add: (digest, _, content) => writeWhole(join(folder, blobPath(digest)), content),
    async finish(entries) {
      await writeWhole(join(folder, layoutFile), new Blob([layoutVersion]).stream());
      await writeWhole(join(folder, indexFile), asJson(indexOf(joined(before, entries))));
    },
    async abandon() {},
  };
}

/** Of an earlier run, or of another tool. */
async function entriesIn(path: string): Promise<readonly LayoutEntry[]> {
  const file = Bun.file(path);
  if (!(await file.exists())) return [];
  if (file.size > longestIndex) throw broken(path, `it has more than ${longestIndex} bytes`);
  return readIndex(await file.text(), path);
}

/** A name stands for what it was last written for. */
function joined(before: readonly LayoutEntry[], now: readonly LayoutEntry[]): readonly LayoutEntry[] {
  const names = new Set(now.map(nameOf));
  const digests = new Set(now.map(({ digest }) => digest));
  const stays = before.filter((entry) => {
    const name = nameOf(entry);
    return name === null ? !digests.has(entry.digest) : !names.has(name);
  });
  return [...stays, ...now];
}

async function createArchive(path: string): Promise<LayoutOut> {
  await mkdir(dirname(path), { recursive: true });
  const draft = draftOf(path);
  const file = await open(draft, 'w');
  const addJson = async (name: string, text: string) => {
    const bytes = Buffer.from(text);
    await addFile(file, name, bytes.length, new Blob([bytes]).stream());
  };
  return {
    has: async () => false,
    add: (digest, sizeBytes, content) => addFile(file, blobPath(digest), sizeBytes, content),
    async finish(entries) {
      await addJson(layoutFile, layoutVersion);
      await addJson(indexFile, JSON.stringify(indexOf(entries), null, 2));
      await file.appendFile(Buffer.alloc(2 * blockBytes));
      await file.sync();
      await file.close();
      await appear(draft, path);
    },
    async abandon() {
      await file.close();
      await unlink(draft);
    },
  };
}

async function addFile(
  file: FileHandle,
  name: string,
  sizeBytes: number,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  await file.appendFile(headerOf(name, sizeBytes));
  let written = 0;
  for await (const chunk of content) {
    await file.appendFile(chunk);
    written += chunk.byteLength;
  }
  if (written !== sizeBytes) throw broken(name, `it has ${written} bytes, not ${sizeBytes}`);
  await file.appendFile(Buffer.alloc(paddingOf(sizeBytes)));
}
