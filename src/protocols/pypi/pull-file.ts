/**
 * At the origin: files of a project, and the metadata that stand beside them, from wherever the project's index says that they are, with the
 * SHA-256 that it promises. Every tier compares that as the bytes stream.
 */
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { type Digest, fromShasum } from '../../http/digest.ts';
import { type LastLooks, openLastLooks } from '../last-looks.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFile } from '../registry/file.ts';
import { readItem, readItemAgain } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { type PageFile, type StoredFile, uploadedMs } from './index/page.ts';
import { findStored } from './index/stored.ts';
import { fileIn, indexItem, sidecar, source } from './path.ts';
import { passRead } from './pull-index.ts';

type Index = Awaited<ReturnType<typeof readItem>>;

export function filePuller(clock: Clock): (item: Item, at: Pulling) => Promise<Answer> {
  const looks = openLastLooks<Index>(clock);
  return (item, at) => pullOne(item, at, looks);
}

async function pullOne(item: Item, at: Pulling, looks: LastLooks<Index>): Promise<Answer> {
  const { name } = item;
  if (name === null) throw new TypeError('a file of no project');
  const isSidecar = item.kind === 'metadata';
  const file = isSidecar ? fileIn(item).slice(0, -sidecar.length) : fileIn(item);
  const found = await findFile(name, file, at, looks);
  if ('status' in found) return passRead(found);
  if (isSidecar && found.file.metadata === null)
    return errorAnswer(at.registry.ecosystem, 404, `The upstream has no metadata of ${file} apart.`);
  const from = beside(found.source);
  const wanted = isSidecar ? sidecarOf(found.file) : wheelOf(found.file);
  return pullFile(item, { ...wanted, source: from }, at);
}

interface Located {
  readonly file: StoredFile;
  /** The upstream that has told of it. */
  readonly source: Source;
}

/** @returns what was answered in place of an index that has it. */
async function findFile(
  name: string,
  file: string,
  at: Pulling,
  looks: LastLooks<Index>,
): Promise<Located | Index> {
  const index = indexItem(name, source);
  const stored = await readItem(index, at);
  if (stored.status !== 200) return stored;
  const found = locatedIn(stored, file, at);
  if (found !== null) return found;
  // It may have been published since. Shared with whoever asks next, so that does not end when this client leaves.
  const { signal } = new AbortController();
  const newest = await looks.once(name, () => readItemAgain(index, { ...at, ask: { ...at.ask, signal } }));
  if (newest === null) return missing(file);
  if (newest.status !== 200) return newest;
  return locatedIn(newest, file, at) ?? missing(file);
}

/** `null`: it is not there, or told of by an upstream that the route has no more. */
function locatedIn({ bytes }: Index, name: string, { registry }: Pulling): Located | null {
  const found = findStored(bytes, name);
  const told = registry.sources.all.find(({ url }) => url === found?.from);
  return found === null || told === undefined ? null : { file: found.file, source: told };
}

function missing(file: string): Index {
  const bytes = new TextEncoder().encode(`The index of the upstream has no ${file}.\n`);
  const headers = new Headers({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'public, max-age=10',
  });
  return { status: 404, headers, bytes };
}

function wheelOf(file: PageFile) {
  const { version, url } = file;
  const digest = digestIn(file.hashes, file.name);
  return { ...{ url, digest, version }, type: 'application/octet-stream', publishedMs: uploadedMs(file) };
}

/** The policy is not asked about what a version says of itself: that is how a client comes to tell why the version is refused. */
function sidecarOf({ url, metadata, name }: PageFile) {
  const digest = digestIn(metadata ?? {}, `${name}${sidecar}`);
  const address = new URL(url);
  address.pathname += sidecar;
  return { url: address.href, digest, version: null, type: 'text/plain; charset=utf-8', publishedMs: null };
}

/** @throws `upstream-invalid`. */
function digestIn({ sha256, sha384, sha512 }: PageFile['hashes'], file: string): Digest {
  const digest = fromShasum(sha256 ?? sha384 ?? sha512 ?? '');
  if (digest !== undefined) return digest;
  throw new MeridianError(
    'upstream-invalid',
    `The upstream's index has no SHA-256 of ${file}: what cannot be compared is not passed on.`,
  );
}

/** An upstream's files mostly stand beside its index (`…/simple`, `…/packages`): there its credentials count as well. */
function beside(told: Source): Source {
  const url = new URL(told.url);
  url.pathname = url.pathname.replace(/\/[^/]*\/*$/, '');
  return { ...told, url: url.href.replace(/\/+$/, '') };
}
