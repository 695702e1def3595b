/** What is told to the nodes of a change of a package that lives here: its indexes are outdated, and files that are gone or others now. */
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { Transaction } from '../../../store.ts';
import * as telling from '../../telling.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { indexTag, packageTag, registryTag } from '../item.ts';

const documents = 'registry-untold';

/** Tags that a change may outdate beside its own. */
const mostOutdated = 200;

interface Changed {
  readonly door: OriginDoor;
  readonly registry: { readonly route: string; readonly ecosystem: { readonly id: string } };
}

export function openTeller({ id }: Pick<Ecosystem, 'id'>, route: string): telling.Teller {
  return telling.openTeller({
    ...{ documents, route },
    everythingOf: (name) => byTags([packageTag(id, name), registryTag(id)]),
  });
}

function byTags(tags: readonly string[]): readonly Selector[] {
  return tags.map((tag) => ({ by: 'tag', tag }));
}

/** What the answer with a file bears, beside what every item of the package bears. */
export function fileTag(id: string, name: string, file: string): string {
  const hash = new Bun.CryptoHasher('sha256').update(JSON.stringify([name, file])).digest('hex');
  return `${id}-file:${hash.slice(0, 32)}`;
}

/** What a change makes outdated. */
export interface Outdated {
  readonly name: string;
  /** Whether the list of packages is another one now: everything about the name is new, or gone. */
  readonly isListed: boolean;
  /** Names of files that are gone, or have other bytes. */
  readonly files: readonly string[];
  /** Further tags, by the ecosystem. */
  readonly tags: readonly string[];
}

/** Within the transaction of the change. */
export async function noteUntold(
  transaction: Transaction,
  { registry: { route, ecosystem } }: Changed,
  { name, isListed, files, tags }: Outdated,
): Promise<telling.Untold> {
  const { id } = ecosystem;
  if (tags.length > mostOutdated) throw new RangeError(`a change outdates ${tags.length} tags`);
  const own = isListed
    ? [packageTag(id, name), registryTag(id)]
    : [indexTag(id, name), ...filesOrAll(id, name, files)];
  const selectors = byTags([...new Set([...own, ...tags])]);
  return telling.noteUntold(transaction, { documents, route }, name, selectors, byTags(tags));
}

/** Beyond this, all of the package is purged at once. */
const mostFiles = 50;

function filesOrAll(id: string, name: string, files: readonly string[]): readonly string[] {
  return files.length > mostFiles ? [packageTag(id, name)] : files.map((file) => fileTag(id, name, file));
}

/**
 * Within a transaction that changes nothing: whoever repeats what is done, because the nodes could not be told, is told of success when they
 * have been. `null`: there is nothing to tell.
 */
export async function noteLeft(
  transaction: Transaction,
  at: Changed,
  outdated: Outdated,
): Promise<telling.Untold | null> {
  const notes = { documents, route: at.registry.route };
  if (!(await telling.hasUntold(transaction, notes, outdated.name))) return null;
  return noteUntold(transaction, at, outdated);
}

/** After it. @throws `bus-unreachable`, though the change has been made. */
export async function tell(untold: telling.Untold | null, { door }: Changed, what: string): Promise<void> {
  if (untold !== null) await telling.tell(untold, door, what);
}
