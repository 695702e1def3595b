/**
 * What an upstream offers, by its service index: where its packages, their metadata and its search are, which may be other hosts. Credentials of
 * the upstream go to its own scheme, host and port alone.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { jsonIn } from './json.ts';

/** `@type` of the service index, the most wanted first. Source: the API reference of NuGet. */
const types = {
  flat: ['PackageBaseAddress/3.0.0'],
  registration: [
    ...['RegistrationsBaseUrl/3.6.0', 'RegistrationsBaseUrl/Versioned', 'RegistrationsBaseUrl/3.4.0'],
    ...['RegistrationsBaseUrl/3.0.0-rc', 'RegistrationsBaseUrl/3.0.0-beta', 'RegistrationsBaseUrl'],
  ],
  search: [
    ...['SearchQueryService/3.5.0', 'SearchQueryService/Versioned', 'SearchQueryService/3.0.0-rc'],
    ...['SearchQueryService/3.0.0-beta', 'SearchQueryService'],
  ],
  autocomplete: [
    ...['SearchAutocompleteService/3.5.0', 'SearchAutocompleteService/Versioned'],
    ...[
      'SearchAutocompleteService/3.0.0-rc',
      'SearchAutocompleteService/3.0.0-beta',
      'SearchAutocompleteService',
    ],
  ],
  vulnerabilities: ['VulnerabilityInfo/6.7.0', 'VulnerabilityInfo/Versioned'],
  signatures: [
    ...['RepositorySignatures/5.0.0', 'RepositorySignatures/4.9.0', 'RepositorySignatures/4.7.0'],
    'RepositorySignatures/Versioned',
  ],
} as const;

export type ResourceKind = keyof typeof types;

const serviceIndex = z.object({
  version: z.string().regex(/^3\./),
  resources: z.array(z.object({ '@id': z.string(), '@type': z.string() })).max(1000),
});

function feedItem({ name }: Source): Item {
  return { kind: 'feed', name: null, path: `feed/${encodeURIComponent(name)}` };
}

/** The upstream's service index: for the origin alone. */
export function pullFeed(item: Item, at: Pulling): Promise<Answer> {
  const source = at.registry.sources.all.find((each) => feedItem(each).path === item.path);
  const { folder, file } = place(source?.url ?? '');
  const own = source && below(source, folder);
  return pullIndex(
    item,
    {
      ...{ path: `/${file}`, revision: 1, sources: own === undefined ? [] : [own] },
      derive(bytes) {
        jsonIn(bytes, serviceIndex, `The service index of ${source?.name}`);
        return { body: bytes, type: 'application/json' };
      },
    },
    at,
  );
}

/** A source's address is that of its service index, or of the folder that it is in. */
function place(url: string): { readonly folder: string; readonly file: string } {
  const slash = url.lastIndexOf('/');
  return url.endsWith('.json')
    ? { folder: url.slice(0, slash), file: url.slice(slash + 1) }
    : { folder: url, file: 'index.json' };
}

/** Where an upstream has something of a kind, as a source whose paths begin there; `null`: it has none. */
export async function resourceOf(source: Source, kind: ResourceKind, at: Pulling): Promise<Source | null> {
  const { status, bytes } = await readItem(feedItem(source), at);
  if (status !== 200)
    throw new MeridianError('upstream-invalid', `The service index of ${source.name} answers ${status}.`);
  const { resources } = jsonIn(bytes, serviceIndex, `The service index of ${source.name}`);
  for (const type of types[kind]) {
    const found = resources.find((resource) => resource['@type'] === type && URL.canParse(resource['@id']));
    if (found !== undefined) return below(source, found['@id'].replace(/\/+$/, ''));
  }
  return null;
}

/** The same upstream, at another address of it: without credentials where that is another host. */
export function below(source: Source, url: string): Source {
  const isOwn = new URL(url).origin === new URL(source.url).origin;
  const authorization = isOwn ? source.remote.authorization : undefined;
  return { ...source, url, remote: { url, authorization }, toldBy: source.toldBy ?? source };
}

/** For addresses that stand in its documents. */
export function anywhereOf(source: Source, url: string): Source {
  const { origin } = new URL(url);
  // What is of no host has no origin, and is refused as the address that it is.
  return below(source, origin === 'null' ? url : origin);
}
