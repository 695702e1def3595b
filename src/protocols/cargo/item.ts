/** What an address of a registry of crates is to a cache. */
import type { Item } from '../registry/ecosystem.ts';
import type { Source } from '../registry/sources.ts';
import { indexPathOf } from './name.ts';
import { cratePathOf } from './path.ts';

export const types = {
  json: 'application/json',
  lines: 'text/plain; charset=utf-8',
  crate: 'application/gzip',
} as const;

/** It holds this route's own address, which differs from PoP to PoP. */
export const configItem: Item = { kind: 'config', name: null, path: 'config.json', isRendered: true };

export function indexItem(name: string): Item {
  return { kind: 'index', name, path: indexPathOf(name), isText: true };
}

export function crateItem(name: string, version: string): Item {
  return { kind: 'crate', name, version, path: cratePathOf(name, version), isFile: true };
}

/** No client asks for it: what an upstream says of itself is kept as its indexes are. */
export function upstreamConfigItem({ url }: Source): Item {
  return { kind: 'upstream', name: null, path: `-/upstreams/${encodeURIComponent(url)}/config.json` };
}
