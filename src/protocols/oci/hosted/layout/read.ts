/**
 * The files of a layout, wherever it lies: in a folder (skopeo's `oci:`), or in a tar archive (`oci-archive:`), which is not unpacked: it
 * is looked through once for where each file begins.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  blockBytes,
  checksumHolds,
  isEmptyBlock,
  paddingOf,
  pathIn,
  recordIn,
  sizeIn,
  typeIn,
} from '../../../tar.ts';
import {
  broken,
  checkVersion,
  indexFile,
  type LayoutEntry,
  layoutFile,
  longestIndex,
  readIndex,
} from './format.ts';

export interface LayoutIn {
  /** For people. */
  readonly path: string;
  readonly entries: readonly LayoutEntry[];
  /** `null`: there is no such file. @param path in the layout. */
  open(path: string): Promise<LayoutFile | null>;
}

export interface LayoutFile {
  readonly sizeBytes: number;
  stream(): ReadableStream<Uint8Array>;
}

type Opener = LayoutIn['open'];

/** Files in an archive: each is remembered while it is open. */
const mostFiles = 500_000;
const longestHeader = 64 * 1024;

function notThere(path: string) {
  return (cause: unknown): never => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw broken(path, 'there is no such file or folder');
    throw cause;
  };
}

/** Fails with what is wrong with it, by the name of its file. */
export async function openLayout(path: string): Promise<LayoutIn> {
  const isFolder = (await stat(path).catch(notThere(path))).isDirectory();
  const opener = isFolder ? folderAt(path) : await archiveAt(path);
  const within = (file: string) => (isFolder ? join(path, file) : `${path}: ${file}`);
  const text = async (file: string) => {
    const found = await opener(file);
    if (found === null) throw broken(within(file), 'there is no such file, so this is no OCI image layout');
    if (found.sizeBytes > longestIndex) throw broken(within(file), `it has more than ${longestIndex} bytes`);
    return new Response(found.stream()).text();
  };
  checkVersion(await text(layoutFile), within(layoutFile));
  const entries = readIndex(await text(indexFile), within(indexFile));
  return { path, entries, open: opener };
}

function folderAt(folder: string): Opener {
  return async (path) => {
    const file = Bun.file(join(folder, path));
    return (await file.exists()) ? { sizeBytes: file.size, stream: () => file.stream() } : null;
  };
}

interface Part {
  readonly from: number;
  readonly sizeBytes: number;
}

async function archiveAt(path: string): Promise<Opener> {
  const parts = await partsOf(path);
  return async (name) => {
    const part = parts.get(name);
    if (part === undefined) return null;
    const { from, sizeBytes } = part;
    return {
      sizeBytes,
      stream: () =>
        Bun.file(path)
          .slice(from, from + sizeBytes)
          .stream(),
    };
  };
}

interface Header extends Part {
  readonly type: string;
  /** As the block itself has it. */
  readonly path: string;
}

/** Where each file's bytes are. Of several with one path, the last one counts. */
async function partsOf(path: string): Promise<ReadonlyMap<string, Part>> {
  const parts = new Map<string, Part>();
  const file = await open(path, 'r');
  try {
    const magic = await bytesAt(file, 0, 2);
    if (magic?.[0] === 0x1f && magic[1] === 0x8b)
      throw broken(path, 'it is compressed: unpack it first (gunzip)');
    let next: { readonly path?: string; readonly sizeBytes?: number } = {};
    for (let at = 0; ; ) {
      const header = await headerAt(file, at, path, next.sizeBytes);
      if (header === null) return parts;
      const { type, from, sizeBytes } = header;
      if (type === 'x' || type === 'L') next = { ...next, ...(await saidOfNext(file, header, path)) };
      else {
        const name = (next.path ?? header.path).replace(/^(?:\.\/)+/, '');
        if (isFile(type)) parts.set(name, { from, sizeBytes });
        if (parts.size > mostFiles) throw broken(path, `it has more than ${mostFiles} files`);
        next = {};
      }
      at = from + sizeBytes + paddingOf(sizeBytes);
    }
  } finally {
    await file.close();
  }
}

const isFile = (type: string) => type === '0' || type === '\0';

/** `null`: the archive ends there. @param stated of a file, by an extended header. */
async function headerAt(
  file: FileHandle,
  at: number,
  path: string,
  stated: number | undefined,
): Promise<Header | null> {
  const { size } = await file.stat();
  if (at === size && at > 0) return null;
  const block = await bytesAt(file, at, blockBytes);
  if (block === null) throw broken(path, at === 0 ? 'it is no tar archive' : 'it breaks off');
  if (isEmptyBlock(block)) return null;
  const own = checksumHolds(block) ? sizeIn(block) : null;
  if (own === null) throw broken(path, 'it is no tar archive');
  const type = typeIn(block);
  const sizeBytes = isFile(type) ? (stated ?? own) : own;
  const from = at + blockBytes;
  if (from + sizeBytes > size) throw broken(path, 'it breaks off');
  return { type, path: pathIn(block), from, sizeBytes };
}

/** By a header of the next entry: its path, and its size. */
async function saidOfNext(file: FileHandle, { type, from, sizeBytes }: Header, path: string) {
  if (sizeBytes > longestHeader) throw broken(path, 'a header in it is too long');
  const text = (await bytesAt(file, from, sizeBytes))?.toString('utf8') ?? '';
  if (type === 'L') return { path: text.split('\0', 1)[0] ?? '' };
  const [itsPath, itsSize] = [recordIn(text, 'path'), recordIn(text, 'size')];
  return {
    ...(itsPath !== null && { path: itsPath }),
    ...(itsSize !== null && /^\d{1,15}$/.test(itsSize) && { sizeBytes: Number(itsSize) }),
  };
}

async function bytesAt(file: FileHandle, from: number, length: number): Promise<Buffer | null> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, from);
  return bytesRead === length ? bytes : null;
}
