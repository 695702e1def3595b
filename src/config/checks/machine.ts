/**
 * Whether two nodes run on the same machine, as far as a config file tells: they do not when each has a
 * `url` of its own and the hosts differ. Only then may they use the same ports and folders.
 */
import type { ParsedNode } from '../schema.ts';

export function onSameMachine(one: ParsedNode, other: ParsedNode): boolean {
  if (one === other || one.url === undefined || other.url === undefined) return true;
  return URL.parse(one.url)?.hostname === URL.parse(other.url)?.hostname;
}

/** For mistakes that may be none, if only the file said so. */
export const differentMachines = 'If these nodes run on different machines, give each its `url`.';
