/**
 * Registrations: what is known of all versions of a package, in pages. Read as any upstream writes them, and written anew with addresses of the
 * route in place of the upstream's.
 */
import { z } from 'zod';
import { placeholder } from '../registry/ecosystem.ts';
import { lowerId, lowerVersion, packageFile } from './name.ts';
import { versions } from './version.ts';

/** Versions that stand in the index itself; of a package with more, it names pages of so many. */
export const pageLength = 64;

const entry = z.looseObject({
  id: z.string(),
  version: z.string(),
  listed: z.boolean().optional(),
  published: z.string().optional(),
  dependencyGroups: z.array(z.unknown()).nullish(),
});
const leaf = z.object({ catalogEntry: entry });
const page = z.object({
  '@id': z.string(),
  lower: z.string(),
  upper: z.string(),
  count: z.number().optional(),
  items: z.array(leaf).nullish(),
});
export const indexShape = z.object({ items: z.array(page).max(2_000) });
export const pageShape = page;

export type Entry = z.output<typeof entry>;
export type UpstreamPage = z.output<typeof page>;

/** A page to be written: its versions, or its bounds alone. */
export interface Page {
  readonly lower: string;
  readonly upper: string;
  readonly count: number;
  readonly entries: readonly Entry[] | null;
}

export const addressOf = {
  index: (id: string) => `${placeholder}/v3/registration/${id}/index.json`,
  page: (id: string, { lower, upper }: Pick<Page, 'lower' | 'upper'>) =>
    `${placeholder}/v3/registration/${id}/page/${lower}/${upper}.json`,
  leaf: (id: string, version: string) => `${placeholder}/v3/registration/${id}/${version}.json`,
  content: (id: string, version: string) =>
    `${placeholder}/v3/flat/${id}/${version}/${packageFile(id, version)}`,
};

export function writeIndex(id: string, pages: readonly Page[]): string {
  return JSON.stringify({
    '@id': addressOf.index(id),
    '@type': ['catalog:CatalogRoot', 'PackageRegistration', 'catalog:Permalink'],
    count: pages.length,
    items: pages.map((each) => pageOf(id, each)),
  });
}

export function writePage(id: string, each: Page): string {
  return JSON.stringify(pageOf(id, each));
}

function pageOf(id: string, each: Page) {
  const { entries } = each;
  return {
    ...{ '@id': addressOf.page(id, each), '@type': 'catalog:CatalogPage', count: each.count },
    ...{ lower: each.lower, upper: each.upper },
    ...(entries !== null && { parent: addressOf.index(id), items: entries.map((one) => leafIn(id, one)) }),
  };
}

function leafIn(id: string, one: Entry) {
  const version = lowerVersion(one.version) ?? one.version;
  const content = addressOf.content(id, version);
  return {
    ...{ '@id': addressOf.leaf(id, version), '@type': 'Package' },
    catalogEntry: { ...entryOf(one), '@id': addressOf.leaf(id, version), packageContent: content },
    ...{ packageContent: content, registration: addressOf.index(id) },
  };
}

/** Without the upstream's own addresses of things: those of the network take their place. */
function entryOf({ dependencyGroups, ...rest }: Entry): Record<string, unknown> {
  const own = withoutIds(rest);
  const groups = (dependencyGroups ?? []).map((group) => withRegistrations(withoutIds(group)));
  return { ...(isRecord(own) ? own : {}), dependencyGroups: groups };
}

function withRegistrations(group: unknown): unknown {
  if (!isRecord(group) || !Array.isArray(group['dependencies'])) return group;
  const dependencies = group['dependencies'].map((each: unknown) =>
    isRecord(each) && typeof each['id'] === 'string'
      ? { ...each, registration: addressOf.index(lowerId(each['id'])) }
      : each,
  );
  return { ...group, dependencies };
}

const upstreamsOwn = new Set([
  '@id',
  '@context',
  'packageContent',
  'registration',
  'parent',
  'commitId',
  'commitTimeStamp',
]);

function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (upstreamsOwn.has(key) ? [] : [[key, withoutIds(item)]])),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One version by itself. */
export function writeLeaf(id: string, { version, listed = true, published }: Entry): string {
  const lower = lowerVersion(version) ?? version;
  return JSON.stringify({
    ...{ '@id': addressOf.leaf(id, lower), '@type': ['Package', 'catalog:Permalink'], listed, published },
    ...{ packageContent: addressOf.content(id, lower), registration: addressOf.index(id) },
  });
}

/** Of versions in any order. Short ones stand in the index, of long ones its pages are named. */
export function pagesOf(entries: readonly Entry[]): readonly Page[] {
  const sorted = entries.toSorted((a, b) => versions.compare(a.version, b.version));
  const pages: Page[] = [];
  for (let at = 0; at < sorted.length; at += pageLength) {
    const part = sorted.slice(at, at + pageLength);
    pages.push(pageWith(part));
  }
  return pages;
}

export function pageWith(part: readonly Entry[]): Page {
  const bound = (one: Entry | undefined) => lowerVersion(one?.version ?? '') ?? '0.0.0';
  return { lower: bound(part[0]), upper: bound(part.at(-1)), count: part.length, entries: part };
}

/** `published` of what has been taken off the lists: nobody knows any more when it was. */
export const unlistedTime = '1900-01-01T00:00:00+00:00';

/** ms since the epoch; `null`: it does not say. */
export function timeIn(text: unknown): number | null {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) || ms < Date.UTC(1950) ? null : ms;
}
