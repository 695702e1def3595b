/** Where an upstream has its crates and its API: it says so itself, at the root of its index. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { types, upstreamConfigItem } from './item.ts';
import { readUpstreamConfig, type UpstreamConfig } from './upstream-config.ts';

const maxConfigBytes = 64 * 1024;

/** @throws `upstream-invalid`, `upstream-unreachable` and the like. */
export async function configOf(source: Source, at: Pulling): Promise<UpstreamConfig> {
  const { status, bytes } = await readItem(upstreamConfigItem(source), at, maxConfigBytes);
  if (status === 200) return readUpstreamConfig(bytes, source.url);
  throw new MeridianError(
    'upstream-invalid',
    `${source.name} has no config.json (${status}): it is no sparse index of crates.`,
  );
}

export function pullConfig(item: Item, at: Pulling): Promise<Answer> {
  const source = at.registry.sources.all.find((each) => upstreamConfigItem(each).path === item.path);
  return pullIndex(
    item,
    {
      ...{
        path: '/config.json',
        maxBytes: maxConfigBytes,
        revision: 1,
        sources: source === undefined ? [] : [source],
      },
      derive(body, { url }) {
        readUpstreamConfig(body, url);
        return { body, type: types.json };
      },
    },
    at,
  );
}

/**
 * The same upstream at another of its addresses. Cargo shows a registry that asks for tokens the same one for its index, its API and its crates; here it goes to
 * the host of the index alone.
 */
export function alsoAt(source: Source, url: string): Source {
  const { origin } = new URL(url);
  if (origin !== new URL(source.url).origin) return source;
  return { ...source, url: origin, remote: { ...source.remote, url: origin } };
}
