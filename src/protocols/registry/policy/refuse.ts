/** What the policy refuses, in the ecosystem's words. */
import type { Answer } from '../../../entry.ts';
import type { Item } from '../ecosystem.ts';
import type { Pulling } from '../origin.ts';

export const policyField = 'meridian-policy';

export function refusePackage(_name: string, _at: Pulling): Answer | null {
  return null;
}

export function refuseVersion(
  _item: Item,
  _facts: { readonly version: string; readonly publishedMs: number | null },
  _at: Pulling,
): Answer | null {
  return null;
}
