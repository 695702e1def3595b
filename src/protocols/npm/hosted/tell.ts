/**
 * Every change is told to the nodes before whoever made it hears of his success. What has to be told is written down in the
 * same transaction as the change, so that a crash in between does not leave a node with what was before.
 */
import { z } from 'zod';
import type { OriginDoor } from '../../../protocol.ts';
import type { Selector } from '../../../purge.ts';
import type { DocumentKey, Revision, Transaction } from '../../../store.ts';
import { forget, untold } from '../../untold.ts';
import type { NpmOrigin } from '../origin.ts';
import { noteChanged } from './changes.ts';
import { storesOf } from './claims.ts';
import { allOf } from './selectors.ts';

const unpurgedPrefix = (route: string): DocumentKey => ['npm-unpurged', route];
const unpurgedKey = (route: string, name: string): DocumentKey => [...unpurgedPrefix(route), name];

const unpurged = z.object({ selectors: z.array(z.unknown()) });

/** Selectors that are written down for one package; beyond it, all of the package is purged. */
const MAX_SELECTORS = 64;

/** A change that has been made. */
export interface Told {
  readonly name: string;
  readonly selectors: readonly Selector[];
  readonly revision: Revision;
}

/** Within the transaction of the change. */
export async function noteUnpurged(
  transaction: Transaction,
  { route, clock }: Pick<NpmOrigin, 'route' | 'clock'>,
  name: string,
  selectors: readonly Selector[],
): Promise<void> {
  await noteChanged(transaction, route, name, clock.now());
  const key = unpurgedKey(route, name);
  const before = await transaction.get(key);
  const earlier = before === null ? [] : unpurged.parse(before.value).selectors;
  const all = [...earlier, ...selectors];
  await transaction.put(key, { selectors: all.length > MAX_SELECTORS ? allOf(name) : all });
}

/** After it. Fails with `bus-unreachable`, though the change has been made. */
export async function tell(
  route: string,
  { name, selectors, revision }: Told,
  origin: Pick<OriginDoor, 'stores' | 'purge'>,
  what: string,
): Promise<void> {
  try {
    await origin.purge(selectors);
  } catch (cause) {
    throw untold(what, cause);
  }
  await forget(storesOf(origin).metadata, unpurgedKey(route, name), revision);
}

const told = new WeakSet<NpmOrigin>();

/** What an earlier process has left untold. Once in a process, with the first request; nobody waits for it. */
export function tellOnce(npm: NpmOrigin, origin: OriginDoor): void {
  if (told.has(npm)) return;
  told.add(npm);
  // Where the store or the bus is away, the next request tries again.
  tellLeft(npm.route, origin).catch(() => told.delete(npm));
}

async function tellLeft(route: string, origin: OriginDoor): Promise<void> {
  const { metadata } = storesOf(origin);
  for (;;) {
    const left = await metadata.scan(unpurgedPrefix(route), { limit: 100 });
    for (const { key, revision } of left) {
      // What its selectors were does not matter any more: the package may have been changed several times.
      await origin.purge(allOf(key.at(-1) ?? ''));
      await forget(metadata, key, revision);
    }
    if (left.length < 100) return;
  }
}
