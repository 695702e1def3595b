/** Registrations of an upstream's packages, without the versions that the policy is against. */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf } from '../kept-for.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem, readItemAgain } from '../registry/item.ts';
import { refuseVersion } from '../registry/policy/refuse.ts';
import type { Source } from '../registry/sources.ts';
import { fetchWhole } from '../registry/upstream.ts';
import { anywhereOf, resourceOf } from './feed.ts';
import { jsonIn } from './json.ts';
import { lowerVersion } from './name.ts';
import {
  type Entry,
  indexShape,
  type Page,
  pageShape,
  pageWith,
  timeIn,
  type UpstreamPage,
  writeIndex,
  writeLeaf,
  writePage,
} from './registration.ts';

const json = 'application/json';

/** An upstream's own index of a package, with the source that has it: for the origin alone. */
const hiveShape = z.object({ source: z.string(), index: indexShape });
type Hive = z.output<typeof hiveShape>;

function hiveItem(id: string): Item {
  return { kind: 'hive', name: id, path: `hive/${id}` };
}

export async function pullHive(item: Item, id: string, at: Pulling): Promise<Answer> {
  for (const source of at.registry.sources.of(id)) {
    const hive = await resourceOf(source, 'registration', at);
    if (hive === null) continue;
    const answer = await pullIndex(
      item,
      {
        ...{ path: `/${id}/index.json`, revision: 1, sources: [hive] },
        derive(bytes) {
          const index = jsonIn(bytes, indexShape, `The registration of ${id}`);
          return { body: JSON.stringify({ source: source.name, index }), type: json };
        },
      },
      at,
    );
    if (answer.status !== 404) return answer;
  }
  return errorAnswer(at.registry.ecosystem, 404, `There is no ${id}.`);
}

/** `null`: no upstream has it. */
async function hiveOf(id: string, at: Pulling, read: typeof readItem): Promise<Hive | null> {
  const { status, bytes } = await read(hiveItem(id), at);
  if (status === 404) return null;
  if (status !== 200)
    throw new MeridianError('upstream-invalid', `The registration of ${id} answers ${status}.`);
  return jsonIn(bytes, hiveShape, `The registration of ${id}`);
}

export async function pullRegistration(id: string, at: Pulling): Promise<Answer> {
  const hive = await hiveOf(id, at, readItemAgain);
  if (hive === null) return errorAnswer(at.registry.ecosystem, 404, `There is no ${id}.`);
  return judged(id, at, (usable) => {
    const pages = hive.index.items.map((page) => writtenPage(page, usable));
    return writeIndex(
      id,
      pages.filter(({ count }) => count > 0),
    );
  });
}

export async function pullPage(item: Item, id: string, at: Pulling): Promise<Answer> {
  const [, lower = '', upper = ''] = /\/page\/([^/]+)\/([^/]+)\.json$/.exec(item.path) ?? [];
  const find = (hive: Hive | null) =>
    hive?.index.items.find(
      (page) => lowerVersion(page.lower) === lower && lowerVersion(page.upper) === upper,
    );
  let hive = await hiveOf(id, at, readItem);
  if (find(hive) === undefined) hive = await hiveOf(id, at, readItemAgain);
  const found = find(hive);
  if (hive === null || found === undefined)
    return errorAnswer(at.registry.ecosystem, 404, `There is no ${item.path}.`);
  const page = await wholePage(found, hive, id, at);
  return judged(id, at, (usable) => writePage(id, { ...writtenPage(page, usable), lower, upper }));
}

/** Of all versions: what is said of each. */
export async function entriesOf(id: string, at: Pulling): Promise<readonly Entry[] | null> {
  const hive = await hiveOf(id, at, readItem);
  if (hive === null) return null;
  const entries: Entry[] = [];
  for (const each of hive.index.items) {
    const page = await wholePage(each, hive, id, at);
    entries.push(...(page.items ?? []).map(({ catalogEntry }) => catalogEntry));
  }
  return entries;
}

/** When each version was published, as far as that is known; ms since the epoch. */
export async function timesOf(id: string, at: Pulling): Promise<ReadonlyMap<string, number | null>> {
  const entries = (await entriesOf(id, at)) ?? [];
  return new Map(
    entries.map(({ version, published }) => [lowerVersion(version) ?? version, timeIn(published)]),
  );
}

async function wholePage(page: UpstreamPage, hive: Hive, id: string, at: Pulling): Promise<UpstreamPage> {
  if (page.items != null) return page;
  const source = at.registry.sources.of(id).find(({ name }) => name === hive.source);
  if (source === undefined || !URL.canParse(page['@id']))
    throw new MeridianError('upstream-invalid', `A page of ${id} has no address.`);
  const { status, bytes } = await fetchWhole(anywhereOf(source, page['@id']), page['@id'], {}, at);
  if (status !== 200) throw new MeridianError('upstream-invalid', `A page of ${id} answers ${status}.`);
  return jsonIn(bytes, pageShape, `A page of ${id}`);
}

type Usable = (entry: Entry) => boolean;

function writtenPage({ lower, upper, count, items }: UpstreamPage, usable: Usable): Page {
  const bounds = { lower: lowerVersion(lower) ?? lower, upper: lowerVersion(upper) ?? upper };
  if (items == null) return { ...bounds, count: count ?? 1, entries: null };
  const entries = items.map(({ catalogEntry }) => catalogEntry).filter(usable);
  return entries.length === items.length ? { ...bounds, count: entries.length, entries } : pageWith(entries);
}

function judged(id: string, at: Pulling, write: (usable: Usable) => string): Answer {
  const { policy, metadata, clock } = at.registry;
  const judge = policy?.judgeOf(id);
  const usable = ({ version, published }: Entry) =>
    judge === undefined || judge.against({ version, publishedMs: timeIn(published) }) === null;
  const body = write(usable);
  const untilMs = judge?.untilMs ?? null;
  const leftS = untilMs === null ? undefined : Math.max(0, Math.floor((untilMs - clock.now()) / 1000));
  return documentAnswer({ body, type: json }, at.ask.stored, cacheControlOf(metadata, new Headers(), leftS));
}

const leafShape = z.looseObject({
  catalogEntry: z.union([z.string(), z.looseObject({})]).optional(),
  listed: z.boolean().optional(),
  published: z.string().optional(),
});

/** What an upstream says of one version; `null`: it says nothing. */
export async function leafOf(
  id: string,
  version: string,
  at: Pulling,
): Promise<{ readonly source: Source; readonly leaf: z.output<typeof leafShape> } | null> {
  for (const source of at.registry.sources.of(id)) {
    const hive = await resourceOf(source, 'registration', at);
    if (hive === null) continue;
    const { status, bytes } = await fetchWhole(hive, `/${id}/${version}.json`, {}, at);
    if (status === 404 || status === 410) continue;
    if (status !== 200)
      throw new MeridianError('upstream-invalid', `The registration of ${id} ${version} answers ${status}.`);
    return { source, leaf: jsonIn(bytes, leafShape, `The registration of ${id} ${version}`) };
  }
  return null;
}

export async function pullLeaf(item: Item, id: string, at: Pulling): Promise<Answer> {
  const version = item.version ?? '';
  const found = await leafOf(id, version, at);
  if (found === null) return errorAnswer(at.registry.ecosystem, 404, `There is no ${id} ${version}.`);
  const { listed, published } = found.leaf;
  const refusal = refuseVersion(item, { version, publishedMs: timeIn(published) }, at);
  if (refusal !== null) return refusal;
  const body = writeLeaf(id, { id, version, listed, published });
  return documentAnswer(
    { body, type: json },
    at.ask.stored,
    cacheControlOf(at.registry.metadata, new Headers()),
  );
}
