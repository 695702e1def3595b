/** What a package's manifest tells people: written by whoever has published it, so that nothing of it is taken for granted. */
import type { Described, DescribedVersion, Person } from '../../../catalogue.ts';
import { webAddress } from '../../web-address.ts';
import { isObject, type Json } from '../json.ts';

/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** In UTF-16 units: a readme, and any other text. */
export const MAX_README = 1024 * 1024;
const MAX_TEXT = 2_000;
const MAX_LIST = 100;

export function about(
  manifest: Fields,
): Pick<Described, 'description' | 'licence' | 'keywords' | 'homepage' | 'repository'> {
  const { description, license, licenses, keywords, homepage, repository } = manifest;
  const oldest = Array.isArray(licenses) ? licenses[0] : licenses;
  return {
    description: textIn(description) ?? '',
    licence: textIn(license) ?? textIn(fieldsIn(license)?.['type']) ?? textIn(fieldsIn(oldest)?.['type']),
    keywords: Array.isArray(keywords)
      ? keywords.flatMap((each) => textIn(each) ?? []).slice(0, MAX_LIST)
      : [],
    homepage: addressIn(homepage),
    repository: addressIn(textIn(repository) ?? fieldsIn(repository)?.['url']),
  };
}

export function aboutVersion(
  manifest: Fields,
  dist: Fields,
): Pick<DescribedVersion, 'unpackedBytes' | 'digest' | 'dependencies'> {
  const dependencies = fieldsIn(manifest['dependencies']);
  return {
    unpackedBytes: countIn(dist['unpackedSize']),
    digest: textIn(dist['integrity']) ?? textIn(dist['shasum']),
    dependencies: dependencies === null ? 0 : Object.keys(dependencies).length,
  };
}

export function peopleIn(value: unknown): readonly Person[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_LIST).flatMap((each) => {
    const person = fieldsIn(each);
    const name = textIn(each) ?? textIn(person?.['name']);
    return name === null ? [] : [{ name, email: textIn(person?.['email']) }];
  });
}

/** Of where its sources are, as npm takes it: with the ways of Git, and the short forms of well-known places left aside. */
function addressIn(value: unknown): string | null {
  const text = textIn(value)
    ?.replace(/^git\+(?=https?:)/, '')
    .replace(/^git(?:\+ssh)?:\/\/(?:git@)?/, 'https://');
  return webAddress(text ?? null)?.replace(/\.git$/, '') ?? null;
}

export function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}

function countIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function timeIn(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
}

export function fieldsIn(value: unknown): Fields | null {
  return isObject(value as Json) ? (value as Fields) : null;
}
