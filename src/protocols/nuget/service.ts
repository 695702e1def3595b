/** The service index: where everything is that clients ask for, at this route. */

import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf } from '../kept-for.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import { type Item, type Pulling, placeholder } from '../registry/ecosystem.ts';
import { fetchWhole, passError } from '../registry/upstream.ts';
import { places } from './address.ts';
import { anywhereOf, type ResourceKind, resourceOf } from './feed.ts';
import { jsonIn } from './json.ts';

const json = 'application/json';

/** One plain form of each: registrations hold what SemVer 2.0.0 allows, and PoPs pack them for whoever likes that. */
const offered = [
  [`${places.flat}/`, 'PackageBaseAddress/3.0.0'],
  [`${places.registration}/`, 'RegistrationsBaseUrl'],
  [`${places.registration}/`, 'RegistrationsBaseUrl/3.0.0-beta'],
  [`${places.registration}/`, 'RegistrationsBaseUrl/3.0.0-rc'],
  [`${places.registration}/`, 'RegistrationsBaseUrl/3.4.0'],
  [`${places.registration}/`, 'RegistrationsBaseUrl/3.6.0'],
  [places.search, 'SearchQueryService'],
  [places.search, 'SearchQueryService/3.0.0-beta'],
  [places.search, 'SearchQueryService/3.0.0-rc'],
  [places.search, 'SearchQueryService/3.5.0'],
  [places.autocomplete, 'SearchAutocompleteService'],
  [places.autocomplete, 'SearchAutocompleteService/3.0.0-rc'],
  [places.autocomplete, 'SearchAutocompleteService/3.5.0'],
] as const;

const publishing = [
  [places.publish, 'PackagePublish/2.0.0'],
  [places.symbols, 'SymbolPackagePublish/4.9.0'],
] as const;

/** What is told of an upstream's advisories is asked for while it can be reached: soon again where it cannot. */
const soon = 'public, max-age=10';

export async function pullService(at: Pulling): Promise<Answer> {
  const { ask, registry } = at;
  const found = await sharedBy('vulnerabilities', at).catch((error: unknown) => {
    if (error instanceof MeridianError && error.row.blame === 'upstream') return 'unknown' as const;
    throw error;
  });
  const resources: (readonly [string, string])[] = [...offered];
  if (registry.hosted !== null) resources.push(...publishing);
  if (found !== 'unknown' && found !== null)
    resources.push([`${places.vulnerabilities}/index.json`, 'VulnerabilityInfo/6.7.0']);
  const body = JSON.stringify({
    version: '3.0.0',
    resources: resources.map(([path, type]) => ({ '@id': placeholder + path, '@type': type })),
  });
  const cacheControl = found === 'unknown' ? soon : cacheControlOf(registry.metadata, new Headers());
  return documentAnswer({ body, type: json }, ask.stored, cacheControl);
}

/** Of the upstream that all packages come from; `null`: it has no such thing. */
async function sharedBy(kind: ResourceKind, at: Pulling) {
  const [source] = at.registry.sources.of(null);
  return source === undefined ? null : resourceOf(source, kind, at);
}

const fileShape = z
  .array(z.looseObject({ '@name': z.string().regex(/^[\w-]{1,32}$/), '@id': z.string() }))
  .max(16);
const signaturesShape = z.looseObject({ allRepositorySigned: z.boolean() });

/** The index of advisories with the addresses of this route, and its files as they are. */
export async function pullVulnerabilities(item: Item, at: Pulling): Promise<Answer> {
  const place = await sharedBy('vulnerabilities', at);
  if (place === null) return errorAnswer(at.registry.ecosystem, 404, 'The upstream tells of no advisories.');
  const found = await fetchWhole(anywhereOf(place, place.url), place.url, {}, at);
  const { status, headers, bytes } = found;
  if (status !== 200) return passError({ ...found, body: null }, 'list of advisories', at.registry);
  const index = jsonIn(bytes, fileShape, 'The index of advisories');
  const name = item.path.slice(item.path.lastIndexOf('/') + 1, -'.json'.length);
  if (name === 'index') {
    const body = index.map((file) => ({
      ...file,
      '@id': `${placeholder}${places.vulnerabilities}/${file['@name']}.json`,
    }));
    return documentAnswer(
      { body: JSON.stringify(body), type: json },
      at.ask.stored,
      cacheControlOf(at.registry.metadata, headers),
    );
  }
  const file = index.find((each) => each['@name'] === name);
  if (file === undefined || !URL.canParse(file['@id']))
    return errorAnswer(at.registry.ecosystem, 404, `There is no ${item.path}.`);
  return pass(item, file['@id'], at, (plain) => plain);
}

/** Where packages live here, not all that this source has is signed by another one. */
export async function pullSignatures(item: Item, at: Pulling): Promise<Answer> {
  const place = await sharedBy('signatures', at);
  if (place === null || !item.path.endsWith('/index.json'))
    return errorAnswer(at.registry.ecosystem, 404, 'The upstream signs no packages.');
  return pass(item, place.url, at, (plain) => {
    const told = jsonIn(plain, signaturesShape, 'The list of certificates');
    const isAll =
      told.allRepositorySigned && at.registry.hosted === null && at.registry.sources.all.length === 1;
    return Buffer.from(JSON.stringify({ ...told, allRepositorySigned: isAll }));
  });
}

function pass(
  item: Item,
  url: string,
  at: Pulling,
  make: (plain: Uint8Array) => Uint8Array,
): Promise<Answer> {
  const [source] = at.registry.sources.of(null);
  const { origin, pathname, search } = new URL(url);
  const sources = source === undefined ? [] : [anywhereOf(source, origin)];
  return pullIndex(
    item,
    {
      ...{ path: pathname + search, revision: 1, sources },
      derive: (bytes) => ({
        body: make(bytes),
        type: json,
      }),
    },
    at,
  );
}
