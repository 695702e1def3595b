/** What the words of `meridian prefetch` stand for: lock files, lists, addresses, images and packages. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { prefetchOrder } from '../../messages/prefetch-order.ts';
import { shownRoute } from '../../messages/route.ts';
import { suggest } from '../../messages/suggest.ts';
import type { Ask } from '../access/ask.ts';
import { UsageError } from '../exit.ts';
import { findReference } from '../package/reference.ts';
import { isLockFile, lockFormats, readLockFile, readsAsLockFile } from '../storage/lock-file.ts';

type Order = z.input<typeof prefetchOrder>;
type Versions = NonNullable<Order['versions']>[number];
type Address = NonNullable<Order['addresses']>[number];

export interface Wanted {
  readonly versions: readonly Versions[];
  readonly addresses: readonly Address[];
  /** A lock file is going to have its client ask for documents, too. */
  readonly needsIndexes: boolean;
}

export interface Words {
  readonly words: readonly string[];
  /** Which route all of it is of; `undefined`: the one that has it. */
  readonly route: string | undefined;
}

/** What a list may hold, in words. */
const kinds = 'an address, an image such as acme/app:v1, or a package such as lodash@4.17.21';

/** @param ask which routes there are, where a word does not say. */
export async function wantedBy({ words, route }: Words, ask: Ask): Promise<Wanted> {
  if (route !== undefined) await requireRoute(route, ask);
  const versions: Versions[] = [];
  const addresses: Address[] = [];
  let needsIndexes = false;

  async function addWord(word: string): Promise<void> {
    if (isAddress(word)) {
      addresses.push({ url: word, ...(route !== undefined && { route }) });
      return;
    }
    if (word === '') throw new UsageError(`An empty word is not ${kinds}`);
    const found = await findReference(ask, word, route);
    const version = found.version ?? (found.protocol === 'oci' ? 'latest' : null);
    if (version === null)
      throw new UsageError(
        looksLikeFile(word)
          ? `There is no file ${word}; and of a package of that name, a version would have to be said (${word}@1.2.3)`
          : `Which version of ${word}? Such as ${word}@1.2.3, or ${word}@latest where there are tags`,
      );
    versions.push({ route: found.route, packages: [{ name: found.name, version }] });
  }

  function addLockFile(path: string, text: string): void {
    const { protocol, packages, others, lacksAddresses = false } = readLockFile(path, text);
    for (const other of others) console.error(`${other}: is no version of a registry, and is left out`);
    if (packages.length === 0) return;
    versions.push({ protocol, packages: [...packages], ...(route !== undefined && { route }) });
    needsIndexes ||= lacksAddresses;
  }

  async function addFile(path: string): Promise<void> {
    const text = await Bun.file(path).text();
    if (readsAsLockFile(path, text)) addLockFile(path, text);
    else if (/lock|\.(?:json|ya?ml|toml|xml)$/i.test(basename(path)))
      throw new UsageError(`${basename(path)} is no lock file that is known here: ${lockFormats}`);
    else await addList(path, text);
  }

  async function addList(path: string, text: string): Promise<void> {
    for (const [at, line] of text.split(/\r?\n/).entries()) {
      const word = line.trim();
      if (word === '' || word.startsWith('#')) continue;
      if (/[\s{}"<>]/.test(word))
        throw new UsageError(`${path}, line ${at + 1}: ${word.slice(0, 80)} is not ${kinds}`);
      await addWord(word);
    }
  }

  for (const word of words) {
    if (word === '-') await addList('standard input', await Bun.stdin.text());
    else if (await isFile(word)) await addFile(word);
    else if (!isAddress(word) && (isLockFile(word) || word.startsWith('.')))
      throw new UsageError((await isFolder(word)) ? `${word} is a folder` : `There is no file ${word}`);
    else await addWord(word);
  }
  if (versions.length + addresses.length === 0)
    throw new UsageError(`Nothing is named in ${words.join(', ')}`);
  return { versions, addresses, needsIndexes };
}

/** Before anything else is asked: what a word means depends on it. */
async function requireRoute(route: string, ask: Ask): Promise<void> {
  const names = z
    .array(shownRoute)
    .parse(await ask('GET', '/routes'))
    .map(({ name }) => name);
  if (names.includes(route)) return;
  const { hint = `There are: ${names.join(', ')}.` } = suggest(route, names);
  throw new UsageError(`The network has no route ${route}. ${hint}`);
}

function isAddress(word: string): boolean {
  return word.startsWith('/') || /^https?:\/\//.test(word);
}

/** Also packages may be called so. */
function looksLikeFile(word: string): boolean {
  return /\.(?:json|ya?ml|toml|lock|txt|list|xml|sum)$/i.test(word);
}

async function isFile(path: string): Promise<boolean> {
  return !/^https?:/.test(path) && (await found(path))?.isFile() === true;
}

async function isFolder(path: string): Promise<boolean> {
  return (await found(path))?.isDirectory() === true;
}

async function found(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null; // it is meant as something else, or is named where that makes no sense
  }
}
