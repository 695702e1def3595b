/** Indexes of projects as resolvers look at them: short, in order, and the same for all machines. */

import type { PageFile } from '../index/page.ts';
import { uploadedMs } from '../index/page.ts';
import { compareVersions, readVersion, type Version } from '../version.ts';

export interface OfferedFile {
  readonly name: string;
  readonly requiresPython: string | null;
  readonly isYanked: boolean;
  readonly hasMetadata: boolean;
  readonly sizeBytes: number | null;
  readonly uploadedMs: number | null;
}

export interface Release {
  readonly version: Version;
  /** As the first of its files spells it. */
  readonly text: string;
  readonly files: readonly OfferedFile[];
}

export interface Page {
  /** The highest first. */
  readonly releases: readonly Release[];
  /** Of the document. */
  readonly bytes: number;
  /** That it takes up, about. */
  readonly weight: number;
}

/** A part of a millisecond's worth. */
const filesAtOnce = 50;

/**
 * @param files of the project, as they stand in its index.
 * @param bytes length of that.
 * @param rest lets others have a turn, where it is time for that.
 */
export async function pageOf(
  files: Iterable<PageFile & { readonly refused?: string | null }>,
  bytes: number,
  rest: () => Promise<unknown>,
): Promise<Page> {
  const releases = new Map<string, Release & { readonly files: OfferedFile[] }>();
  /** Thousands of files say the same. */
  const texts = new Map<string, string>();
  let count = 0;
  let weight = 200;
  for (const file of files) {
    if (++count % filesAtOnce === 0) await rest();
    const release = releases.get(file.version) ?? opened(file.version);
    if (release === null) continue;
    releases.set(file.version, release);
    const { requiresPython: text, metadata, sizeBytes } = file;
    if (text !== null && !texts.has(text)) texts.set(text, text);
    release.files.push({
      ...{ name: file.name, requiresPython: text === null ? null : (texts.get(text) ?? text) },
      isYanked: file.yanked !== null || (file.refused ?? null) !== null,
      ...{ hasMetadata: metadata !== null, sizeBytes, uploadedMs: uploadedMs(file) },
    });
    weight += 120 + file.name.length;
  }
  const sorted = [...releases.values()].sort((a, b) => compareVersions(b.version, a.version));
  return { releases: sorted, bytes, weight };
}

function opened(text: string): (Release & { readonly files: OfferedFile[] }) | null {
  const version = readVersion(text);
  return version && { version, text, files: [] };
}
