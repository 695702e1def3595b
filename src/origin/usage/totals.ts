/**
 * The running totals of what an origin keeps, as documents:
 *
 *     usage-package <route> <kept> <lane> <name>    one package
 *     usage-scope   <route> <kept> <scope> <lane>   all packages of a scope; the scope of those without is empty
 *     usage-route   <route> <kept> <lane>           all packages
 *
 * Each is in lanes, by a hash of the package's name: publishers of different packages mostly write different documents, so
 * that they do not collide where nothing is bounded.
 */
import { z } from 'zod';
import type { DocumentKey, DocumentReader, Kept, Owned, Transaction, Weight } from '../../store.ts';
import { documentLimits } from '../../store.ts';

export const lanes = 8;

export const amount = z.object({ packages: z.number(), versions: z.number(), bytes: z.number() });
export type Amount = Readonly<z.output<typeof amount>>;

export const nothing: Amount = { packages: 0, versions: 0, bytes: 0 };

function laneOf(name: string): number {
  return Bun.hash.xxHash32(name) % lanes;
}

/** `@acme`; empty for a name without. */
export function scopeOf(name: string): string {
  return name.startsWith('@') && name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
}

export const packageUses = (route: string, kept: Kept, lane: number): DocumentKey => [
  ...['usage-package', route, kept, String(lane)],
];
export const scopeUses = (route: string, kept: Kept, ...scope: readonly string[]): DocumentKey => [
  ...['usage-scope', route, kept, ...scope],
];
/** Of one route, or of all of them. */
export const routeUses = (...route: readonly string[]): DocumentKey => ['usage-route', ...route];

export const packageUseKey = ({ route, kept, name }: Owned): DocumentKey => [
  ...packageUses(route, kept, laneOf(name)),
  name,
];
const scopeUseKey = ({ route, kept, name }: Owned): DocumentKey =>
  scopeUses(route, kept, scopeOf(name), String(laneOf(name)));
const routeUseKey = ({ route, kept, name }: Owned): DocumentKey =>
  routeUses(route, kept, String(laneOf(name)));

export function plus(a: Amount, b: Amount): Amount {
  return { packages: a.packages + b.packages, versions: a.versions + b.versions, bytes: a.bytes + b.bytes };
}

/** What one document says. */
export async function useAt(reader: DocumentReader, key: DocumentKey): Promise<Amount> {
  const found = await reader.get(key);
  return found === null ? nothing : amount.parse(found.value);
}

/** What all documents below a key come to. */
export async function sumBelow(reader: DocumentReader, prefix: DocumentKey): Promise<Amount> {
  let sum = nothing;
  for await (const { use } of usesBelow(reader, prefix)) sum = plus(sum, use);
  return sum;
}

export interface Use {
  readonly key: DocumentKey;
  readonly use: Amount;
}

export async function* usesBelow(reader: DocumentReader, prefix: DocumentKey): AsyncGenerator<Use> {
  for (let after: DocumentKey | undefined; ; ) {
    const page = await reader.scan(prefix, after === undefined ? {} : { after });
    for (const { key, value } of page) yield { key, use: amount.parse(value) };
    if (page.length < documentLimits.page) return;
    after = page.at(-1)?.key;
  }
}

/** Makes a package's total another one, and all totals that it is part of. */
export async function changeUse(
  transaction: Transaction,
  owned: Owned,
  before: Amount,
  { versions, bytes }: Weight,
): Promise<void> {
  const after: Amount = { packages: versions > 0 ? 1 : 0, versions, bytes };
  const change: Amount = {
    packages: after.packages - before.packages,
    versions: versions - before.versions,
    bytes: bytes - before.bytes,
  };
  // Also when it is nothing: whoever weighs the package sees that it has changed.
  await transaction.put(packageUseKey(owned), after);
  for (const key of [scopeUseKey(owned), routeUseKey(owned)])
    await writeUse(transaction, key, plus(await useAt(transaction, key), change));
}

/** What comes to nothing is no document. */
export async function writeUse(transaction: Transaction, key: DocumentKey, use: Amount): Promise<void> {
  if (use.packages === 0 && use.versions === 0 && use.bytes === 0) await transaction.delete(key);
  else await transaction.put(key, use);
}
