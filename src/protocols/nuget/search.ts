/** Search: what lives here, before what the upstream finds. Whatever it answers leads to this route, and to what may be used of it. */
import { z } from 'zod';
import { relevance, wordsOf } from '../../catalogue.ts';
import type { Answer } from '../../entry.ts';
import { ownAnswer } from '../registry/answers.ts';
import type { Changing, Pulling } from '../registry/ecosystem.ts';
import { namesOf } from '../registry/hosted/find.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { readItem } from '../registry/item.ts';
import { baseField } from '../registry/name.ts';
import { fetchWhole } from '../registry/upstream.ts';
import { flatItem } from './address.ts';
import { resourceOf } from './feed.ts';
import { factsOf } from './hosted/meta.ts';
import { allOf } from './hosted/serve.ts';
import { jsonIn } from './json.ts';
import { isSemVer2, lowerId, lowerVersion } from './name.ts';
import { versions } from './version.ts';

const json = 'application/json';
const mostTaken = 1_000;
const usuallyTaken = 20;
const maxBytes = 16 * 1024 * 1024;

/** What a client asks for. */
interface Wanted {
  readonly text: string;
  readonly skip: number;
  readonly take: number;
  readonly prerelease: boolean;
  readonly semVer2: boolean;
}

interface Result {
  readonly id: string;
  readonly [field: string]: unknown;
}

interface Page {
  readonly total: number;
  readonly results: readonly Result[];
}

function wantedIn(query: string): Wanted {
  const asked = new URLSearchParams(query);
  const number = (name: string, otherwise: number) => {
    const value = Number.parseInt(asked.get(name) ?? '', 10);
    return Number.isNaN(value) || value < 0 ? otherwise : value;
  };
  return {
    ...{
      text: asked.get('q') ?? '',
      skip: number('skip', 0),
      take: Math.min(number('take', usuallyTaken), mostTaken),
    },
    prerelease: asked.get('prerelease')?.toLowerCase() === 'true',
    semVer2: (asked.get('semVerLevel') ?? '').startsWith('2'),
  };
}

export async function search(at: Changing): Promise<Answer> {
  const wanted = wantedIn(at.query);
  const base = baseOf(at);
  const own = await ownResults(wanted, base, at);
  const shown = own.slice(wanted.skip, wanted.skip + wanted.take);
  const rest = { skip: Math.max(0, wanted.skip - own.length), take: wanted.take - shown.length };
  const others = await upstreamResults({ ...wanted, ...rest }, base, at);
  const data = [...shown, ...others.results];
  return ownAnswer(200, json, JSON.stringify({ totalHits: own.length + others.total, data }));
}

/** Ids, or the versions of one. */
export async function autocomplete(at: Changing): Promise<Answer> {
  const asked = new URLSearchParams(at.query);
  const wanted = wantedIn(at.query);
  const id = asked.get('id');
  if (id !== null)
    return ownAnswer(200, json, JSON.stringify({ data: await listedVersions(lowerId(id), wanted, at) }));
  const own = (await ownResults(wanted, '', at)).map((result) => result.id);
  const shown = own.slice(wanted.skip, wanted.skip + wanted.take);
  const rest = { skip: Math.max(0, wanted.skip - own.length), take: wanted.take - shown.length };
  const others = await upstreamIds({ ...wanted, ...rest }, at);
  const answer = { totalHits: own.length + others.total, data: [...shown, ...others.ids] };
  return ownAnswer(200, json, JSON.stringify(answer));
}

async function listedVersions(id: string, wanted: Wanted, at: Changing): Promise<readonly string[]> {
  if (at.registry.hosted?.claims(id) === true) {
    if (!mayKnow(id, at)) throw new Refusal(404, `There is no ${id}.`);
    const all = (await allOf(id, at)).filter(({ yanked }) => yanked === null);
    return all.map((version) => factsOf(version).fullVersion).filter((version) => fits(version, wanted));
  }
  const { status, bytes } = await readItem(flatItem(id), at);
  if (status !== 200) return [];
  const list = jsonIn(bytes, z.object({ versions: z.array(z.string()) }), `The list of versions of ${id}`);
  return list.versions.filter((version) => fits(version, wanted));
}

function fits(version: string, { prerelease, semVer2 }: Wanted): boolean {
  return (prerelease || !versions.isPrerelease(version)) && (semVer2 || !isSemVer2(version));
}

async function ownResults(wanted: Wanted, base: string, at: Changing): Promise<readonly Result[]> {
  const words = wordsOf(wanted.text);
  const found: { readonly score: number; readonly result: Result }[] = [];
  if (at.registry.hosted === null) return [];
  for await (const id of namesOf(at)) {
    if (!mayKnow(id, at)) continue;
    const all = (await allOf(id, at)).filter(({ yanked }) => yanked === null);
    const offered = all.map(factsOf).filter(({ fullVersion }) => fits(fullVersion, wanted));
    const newest = offered.at(-1);
    if (newest === undefined) continue;
    const score = relevance({ name: id, description: newest.description, keywords: newest.tags }, words);
    if (score > 0) found.push({ score, result: resultOf(id, newest, offered, base) });
  }
  found.sort((a, b) => b.score - a.score || (a.result.id < b.result.id ? -1 : 1));
  return found.map(({ result }) => result);
}

function resultOf(
  id: string,
  newest: ReturnType<typeof factsOf>,
  offered: readonly ReturnType<typeof factsOf>[],
  base: string,
): Result {
  const { title, description, summary, authors, tags, projectUrl, licenseUrl, iconUrl, fullVersion } = newest;
  return {
    ...{ '@id': registration(base, id), '@type': 'Package', registration: registration(base, id) },
    ...{
      id: newest.id,
      version: fullVersion,
      title,
      description,
      summary,
      tags,
      projectUrl,
      licenseUrl,
      iconUrl,
    },
    ...{ authors: authors.split(',').map((author) => author.trim()), totalDownloads: 0, verified: false },
    packageTypes: (newest.packageTypes.length > 0 ? newest.packageTypes : ['Dependency']).map((name) => ({
      name,
    })),
    versions: offered.map((one) => ({
      ...{ version: one.fullVersion, downloads: 0 },
      '@id': leaf(base, id, one.fullVersion),
    })),
  };
}

const foundShape = z.object({
  totalHits: z.number(),
  data: z.array(
    z.looseObject({ id: z.string(), versions: z.array(z.looseObject({ version: z.string() })).optional() }),
  ),
});

async function upstreamResults(wanted: Wanted, base: string, at: Changing): Promise<Page> {
  const bytes = await asked('search', wanted, at);
  if (bytes === null) return { total: 0, results: [] };
  const { totalHits, data } = jsonIn(bytes, foundShape, 'What the upstream has found');
  const results = data
    .filter(({ id }) => isOffered(lowerId(id), at))
    .map(({ versions: offered, ...rest }) => {
      const id = lowerId(rest.id);
      return {
        ...rest,
        ...{ '@id': registration(base, id), registration: registration(base, id) },
        versions: offered?.map((one) => ({ ...one, '@id': leaf(base, id, one.version) })),
      };
    });
  return { total: totalHits, results };
}

async function upstreamIds(wanted: Wanted, at: Changing) {
  const bytes = await asked('autocomplete', wanted, at);
  if (bytes === null) return { total: 0, ids: [] };
  const shape = z.object({ totalHits: z.number(), data: z.array(z.string()) });
  const { totalHits, data } = jsonIn(bytes, shape, 'What the upstream has found');
  return { total: totalHits, ids: data.filter((id) => isOffered(lowerId(id), at)) };
}

/** `null`: nobody is asked. What somebody looks for among our own is not told to an upstream. */
async function asked(
  kind: 'search' | 'autocomplete',
  wanted: Wanted,
  at: Changing,
): Promise<Uint8Array | null> {
  const [source] = at.registry.sources.of(null);
  const isOurs = wordsOf(wanted.text).some(
    (word) => at.registry.hosted?.claims(word.replace(/^\w+:/, '')) === true,
  );
  const place =
    source === undefined || isOurs || wanted.take === 0 ? null : await resourceOf(source, kind, at);
  if (place === null) return null;
  const { text, skip, take, prerelease, semVer2 } = wanted;
  const query = new URLSearchParams({
    q: text,
    skip: String(skip),
    take: String(take),
    prerelease: String(prerelease),
  });
  if (semVer2) query.set('semVerLevel', '2.0.0');
  const { status, bytes } = await fetchWhole(place, `${place.url}?${query}`, { maxBytes }, at);
  return status === 200 ? bytes : null;
}

/** Nothing that lives here, nothing that another upstream has claimed, and nothing that may not be used at all. */
function isOffered(id: string, { registry }: Pulling): boolean {
  const [source] = registry.sources.of(null);
  if (source === undefined || !registry.sources.of(id).includes(source)) return false;
  return (registry.policy?.refusesAll(id) ?? null) === null;
}

function mayKnow(id: string, { registry, ask }: Pulling): boolean {
  const { hosted, route } = registry;
  if (hosted?.claims(id) !== true) return false;
  const deed = { action: 'read', route, subject: id, restricted: !hosted.isPublic(id) } as const;
  return ask.exchange.identity?.may(deed) === true;
}

function registration(base: string, id: string): string {
  return `${base}/v3/registration/${id}/index.json`;
}

function leaf(base: string, id: string, version: string): string {
  return `${base}/v3/registration/${id}/${lowerVersion(version) ?? version}.json`;
}

/** Where whoever asks reaches the route, as his PoP says. */
function baseOf({ ask, registry }: Pulling): string {
  return ask.exchange.headers.get(baseField) ?? registry.prefix;
}
