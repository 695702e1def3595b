/** What a client asks for next: having heard which versions there are, it mostly takes the newest release. */
import type { Item } from '../registry/ecosystem.ts';
import { digestItem, packageItem } from './address.ts';
import { versions } from './version.ts';

export function foresee({ kind, name }: Item, body: Uint8Array): readonly Item[] {
  if (kind !== 'versions' || name === null) return [];
  const { versions: list } = JSON.parse(new TextDecoder().decode(body)) as {
    readonly versions: readonly string[];
  };
  const newest = list
    .filter((version) => !versions.isPrerelease(version))
    .sort(versions.compare)
    .at(-1);
  return newest === undefined ? [] : [digestItem(name, newest), packageItem(name, newest)];
}
