/**
 * Looks into a crate file before it is published (doc.rust-lang.org/cargo/reference/registry-index.html): a gzipped tar archive with one folder
 * `name-version`, and the manifest in it. What cargo would refuse to unpack, or would unpack somewhere else, is refused here.
 */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { checksumHolds, pathIn, recordIn, sizeIn, typeIn } from '../tar.ts';
import { tarBlocks } from '../tar-blocks.ts';

/** Bounds of ours, in bytes but for `files`: cargo's own registry takes much less. */
const crateBounds = {
  unpacked: 1024 ** 3,
  files: 100_000,
  manifest: 1024 ** 2,
  header: 64 * 1024,
} as const;

export interface CrateManifest {
  readonly name: string;
  readonly version: string;
}

/** @throws a `Refusal`, also unless it is the file of this crate. */
export async function inspectCrate(
  file: ReadableStream<Uint8Array>,
  { name, version }: CrateManifest,
): Promise<void> {
  const reader = archiveReader(`${name}-${version}`);
  try {
    // The types of Bun's own stream and of the standard's differ in what a chunk is.
    const unpacked = file.pipeThrough(
      new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
    );
    for await (const chunk of unpacked) reader.push(chunk);
  } catch (cause) {
    if (cause instanceof Refusal || cause instanceof MeridianError) throw cause;
    throw unreadable('The crate file is not whole, or is no gzip.', cause);
  }
  const manifest = readManifest(reader.end());
  if (manifest.name !== name || manifest.version !== version) {
    throw new Refusal(
      400,
      `The Cargo.toml in the crate file says ${manifest.name} ${manifest.version}, the publication ${name} ${version}.`,
    );
  }
}

const shape = z.object({ package: z.object({ name: z.string(), version: z.string() }) });

function readManifest(bytes: Uint8Array | null): CrateManifest {
  if (bytes === null) throw new Refusal(400, 'There is no Cargo.toml at the top of the crate file.');
  try {
    return shape.parse(Bun.TOML.parse(new TextDecoder().decode(bytes))).package;
  } catch (cause) {
    throw unreadable('The Cargo.toml in the crate file says no name and version, or is no TOML.', cause);
  }
}

/** A tar archive in chunks: keeps the manifest, and looks at the names of all others. */
function archiveReader(folder: string) {
  const check = checker(folder);
  let kept: { readonly as: 'manifest' | 'x' | 'L'; readonly chunks: Uint8Array[] } | null = null;
  /** Of the next entry, where a header before it says it. */
  let nextPath: string | null = null;
  let manifest: Uint8Array | null = null;
  let total = 0;

  function startEntry(block: Buffer): number {
    const size = checksumHolds(block) ? sizeIn(block) : null;
    if (size === null) throw new Refusal(400, 'The crate file holds no valid tar archive.');
    const type = typeIn(block);
    if (type === 'x' || type === 'L') {
      if (size > crateBounds.header)
        throw new Refusal(400, `A header in the crate file has more than ${crateBounds.header} bytes.`);
      kept = { as: type, chunks: [] };
    } else {
      const path = nextPath ?? pathIn(block);
      nextPath = null;
      const isManifest = check(path, type) === 'Cargo.toml';
      if (isManifest && size > crateBounds.manifest) {
        throw new Refusal(400, `The Cargo.toml has more than ${crateBounds.manifest} bytes.`);
      }
      kept = isManifest ? { as: 'manifest', chunks: [] } : null;
    }
    return size;
  }

  function endEntry(): void {
    const bytes = Buffer.concat(kept?.chunks ?? []);
    if (kept?.as === 'manifest') manifest = bytes;
    if (kept?.as === 'x') nextPath = recordIn(bytes.toString('utf8'), 'path');
    if (kept?.as === 'L') nextPath = bytes.toString('utf8').replace(/\0.*$/s, '');
    kept = null;
  }

  const blocks = tarBlocks({
    header: startEntry,
    bytes: (piece) => kept?.chunks.push(piece.slice()),
    over: endEntry,
  });
  return {
    push(chunk: Uint8Array): void {
      total += chunk.length;
      if (total > crateBounds.unpacked)
        throw new Refusal(400, `The crate file unpacks to more than ${crateBounds.unpacked} bytes.`);
      blocks.push(chunk);
    },
    end(): Uint8Array | null {
      if (blocks.within() !== null) {
        throw new Refusal(400, 'The tar archive in the crate file is not whole.');
      }
      return manifest;
    },
  };
}

/** Looks at the names in an archive, and says each below its folder. */
function checker(folder: string): (path: string, type: string) => string {
  const seen = new Map<string, string>();
  return (path, type) => {
    const shown = JSON.stringify(path.slice(0, 120));
    if (type !== '0' && type !== '\0' && type !== '5') {
      throw new Refusal(
        400,
        `${shown} in the crate file is neither a file nor a folder: links and the like are not taken.`,
      );
    }
    const [top, ...rest] = (type === '5' ? path.replace(/\/+$/, '') : path).split('/');
    const hasBadPart = rest.some(
      (part) => part === '' || part === '.' || part === '..' || /[\\:\p{Cc}]/u.test(part),
    );
    if (top !== folder || hasBadPart || (rest.length === 0 && type !== '5')) {
      throw new Refusal(400, `${shown} in the crate file is not below ${folder}/.`);
    }
    const name = rest.join('/');
    const folded = name.toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined && (type !== '5' || other !== name)) {
      throw new Refusal(
        400,
        `${shown} in the crate file is there twice, or differs from another one in case alone.`,
      );
    }
    if (seen.size >= crateBounds.files)
      throw new Refusal(400, `The crate file holds more than ${crateBounds.files} files.`);
    seen.set(folded, name);
    return name;
  };
}

function unreadable(message: string, cause: unknown): Refusal {
  return new Refusal(400, message, { cause });
}
