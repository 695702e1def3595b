/**
 * The packages of all routes, as the API tells them: each protocol's catalogue is asked, with what it needs of the origin, and its sizes are
 * added from the running totals.
 */
import { z } from 'zod';
import type { PackagesDesk } from '../access/api/endpoint.ts';
import type { Fleet } from '../access/api/fleet-state.ts';
import type { PackageList, PackagePage } from '../access/api/packages-message.ts';
import type { Actor } from '../access/register/actor.ts';
import type { Cache } from '../cache/cache.ts';
import {
  byRank,
  type DescribedVersion,
  type FoundPackage,
  mostVersions,
  type Reader,
  wordsOf,
} from '../catalogue.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { parsedJson } from '../http/json.ts';
import type { Identity } from '../identity.ts';
import { packageUseKey, useAt } from '../origin/usage/totals.ts';
import type { Catalogue, Lent } from '../protocol.ts';
import type { Stores } from '../store.ts';
import { downloadsOf } from './downloads.ts';
import { ownAsk } from './policies.ts';
import type { Puller } from './pull.ts';
import type { Route } from './routes.ts';

export interface PackagesDeskOptions {
  readonly pullers: ReadonlyMap<Route, Puller>;
  readonly cache: Cache;
  /** `null` where nothing is kept for good. */
  readonly stores: Stores | null;
  /** What the nodes have counted. */
  readonly fleet: Pick<Fleet, 'top'>;
  readonly clock: Clock;
}

interface Shelf {
  readonly route: Route;
  readonly catalogue: Catalogue;
  /** @param actor who is to be written down, where something is changed. */
  lend(reader: Identity | null, actor?: Actor): Lent;
}

/** Of a readme on a package's page, in UTF-16 units. */
const mostReadme = 64 * 1024;

export function packagesDesk(options: PackagesDeskOptions): PackagesDesk {
  const { stores } = options;

  function shelves(wanted?: string): readonly Shelf[] {
    const found = [...options.pullers].flatMap(([route, puller]) => shelfOf(route, puller, options));
    if (wanted === undefined) return found;
    const one = found.filter(({ route }) => route.name === wanted);
    if (one.length > 0) return one;
    throw new MeridianError('no-such-record', `there is no route ${wanted} that has packages`);
  }

  async function kept(route: string, name: string, cached: FoundPackage['cached']) {
    const total = async (kept: 'hosted' | 'mirrored') => {
      if (stores === null) return { versions: 0, bytes: 0 };
      const { versions, bytes } = await useAt(stores.metadata, packageUseKey({ route, kept, name }));
      return { versions, bytes };
    };
    const [hosted, mirrored] = await Promise.all([total('hosted'), total('mirrored')]);
    return { hosted, mirrored, cached: { ...cached } };
  }

  async function listed({ route, score: _, ...found }: Found): Promise<PackageList['packages'][number]> {
    const { name, protocol } = route;
    const { cached, keywords, ...rest } = found;
    return {
      ...{ route: name, protocol: protocol.id, ...rest, keywords: [...keywords] },
      kept: await kept(name, found.name, cached),
    };
  }

  async function describe(routeName: string, name: string, reader: Identity | null): Promise<PackagePage> {
    const [shelf] = shelves(routeName);
    const page = await shelf?.catalogue.describe(name, shelf.lend(reader));
    if (!shelf || !page) throw absent(routeName, name);
    const { cached, readme, versions, keywords, maintainers, tags, blocked, sizes = null, ...rest } = page;
    const latest = tags['latest'] ?? versions.find((each) => each.blocked === null)?.version ?? null;
    const newest = versions.find(({ version }) => version === latest);
    return {
      ...{ route: routeName, protocol: shelf.route.protocol.id, ...rest, latest },
      publishedMs: newest?.publishedMs ?? null,
      publisher: newest?.publisher ?? null,
      keywords: [...keywords],
      maintainers: [...maintainers],
      tags: { ...tags },
      versions: versions.map(toldVersion),
      nextVersions: shelf.catalogue.versions === undefined ? null : cursorAfter(versions, page.versionCount),
      hasArtifacts: shelf.catalogue.artifact !== undefined,
      ...{ sizes, mayDelete: mayDelete(shelf, page, reader) },
      blocked: blocked && copyOf(blocked),
      readme:
        readme === null ? null : { text: readme.slice(0, mostReadme), isWhole: readme.length <= mostReadme },
      kept: await kept(routeName, name, cached),
      downloads: downloadsOf(options.fleet, { route: routeName, name }, options.clock.now()),
    };
  }

  async function versionsOf(routeName: string, name: string, cursor: string | null, reader: Identity | null) {
    const [shelf] = shelves(routeName);
    const after = cursor === null ? null : { ...placeIn(cursor), isNext: false };
    const found = await shelf?.catalogue.versions?.(name, { limit: mostVersions, after }, shelf.lend(reader));
    if (!shelf || !found) throw absent(routeName, name);
    const { versions, total } = found;
    const isMore = versions.length === mostVersions;
    return {
      versions: versions.map(toldVersion),
      total,
      next: isMore ? cursorAfter(versions, Infinity) : null,
    };
  }

  async function artifactOf(routeName: string, name: string, version: string, reader: Identity | null) {
    const [shelf] = shelves(routeName);
    const found = await shelf?.catalogue.artifact?.(name, version, shelf.lend(reader));
    if (!shelf || !found) throw absent(routeName, `${name} with a version ${version}`);
    const { kept: kind, access, blocked } = found;
    return {
      ...found,
      blocked: blocked && copyOf(blocked),
      route: routeName,
      name,
      version,
      mayDelete: mayDelete(shelf, { name, kind, access }, reader),
    };
  }

  return {
    versions: versionsOf,
    artifact: artifactOf,

    async remove({ route, name, version }, reader, actor) {
      const [shelf] = shelves(route);
      if (shelf?.catalogue.remove === undefined)
        throw new MeridianError('no-such-record', `nothing of ${route} can be taken away here`);
      await shelf.catalogue.remove(name, version, shelf.lend(reader, actor));
    },

    async search({ route, text, kind, limit, cursor }, reader) {
      const after = cursor === undefined ? null : placeIn(cursor);
      const answers = await Promise.all(
        shelves(route).map(async (shelf): Promise<{ found: readonly Found[]; total: number }> => {
          const rank = after && {
            ...{ score: after.score, name: after.name },
            isNext: shelf.route.name > after.route,
          };
          const wanted = { words: wordsOf(text), kind: kind === 'all' ? null : kind, limit: limit + 1 };
          const { packages, total } = await shelf.catalogue.search(
            { ...wanted, after: rank },
            shelf.lend(reader),
          );
          return { found: packages.map((each) => ({ ...each, route: shelf.route })), total };
        }),
      );
      const best = answers.flatMap(({ found }) => found).sort(byRankAndRoute);
      const shown = best.slice(0, limit);
      const last = best.length > limit ? shown.at(-1) : undefined;
      return {
        packages: await Promise.all(shown.map(listed)),
        total: answers.reduce((sum, { total }) => sum + total, 0),
        next: last === undefined ? null : cursorOf(last),
      };
    },

    describe,

    async readme(routeName, name, reader) {
      const [shelf] = shelves(routeName);
      const lent = shelf?.lend(reader);
      if (!shelf || !lent || !(await shelf.catalogue.describe(name, lent))) throw absent(routeName, name);
      return shelf.catalogue.readme(name, lent);
    },
  };
}

interface Found extends FoundPackage {
  readonly route: Route;
}

function shelfOf(route: Route, puller: Puller, { cache, clock }: PackagesDeskOptions): readonly Shelf[] {
  const { catalogue } = route.protocol;
  if (catalogue === undefined) return [];
  return [
    {
      route,
      catalogue,
      lend(identity, actor) {
        const own = ownAsk(clock, 'catalogue');
        const ask = actor === undefined ? own : { ...own, exchange: inNameOf(own.exchange, identity, actor) };
        return {
          ask,
          origin: puller.door(ask),
          reader: readerOf(route.name, identity),
          held: {
            all: () => allHeld(cache, route.name),
            sizeBytes: ({ key }) => cache.heldBytes(key),
            etag: ({ key }) => cache.heldEtag(key),
          },
        };
      },
    },
  ];
}

function inNameOf(exchange: Exchange, identity: Identity | null, { by, token, from }: Actor): Exchange {
  const operator = { name: by, token, may: () => true };
  return { ...inOtherWords(exchange, { identity: identity ?? operator }), client: () => from ?? '' };
}

async function* allHeld(cache: Cache, route: string) {
  for (let from: number | null = 0; from !== null; ) {
    const { found, next }: ReturnType<Cache['held']> = cache.held(route, from);
    yield* found;
    from = next;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @param identity `null`: whoever is on the origin's own machine. */
function readerOf(route: string, identity: Identity | null): Reader {
  if (identity === null) return { mayRead: () => true };
  return { mayRead: (subject, restricted) => identity.may({ action: 'read', route, subject, restricted }) };
}

function byRankAndRoute(a: Found, b: Found): number {
  return byRank(a, b) || (a.route.name < b.route.name ? -1 : 1);
}

function toldVersion({ artifact, blocked, ...version }: DescribedVersion) {
  return { ...version, artifact: artifact ?? null, blocked: blocked && copyOf(blocked) };
}

function mayDelete(
  { route, catalogue }: Shelf,
  { name, kind, access }: Pick<FoundPackage, 'name' | 'kind' | 'access'>,
  reader: Identity | null,
): boolean {
  if (catalogue.remove === undefined || kind !== 'hosted') return false;
  const restricted = access === 'restricted';
  return reader === null || reader.may({ action: 'delete', route: route.name, subject: name, restricted });
}

function copyOf<Blocked extends { readonly rules: readonly string[] }>({ rules, ...rest }: Blocked) {
  return { ...rest, rules: [...rules] };
}

/** The same for what he may not read: nobody tells the two apart. */
function absent(route: string, name: string): MeridianError {
  return new MeridianError('no-such-record', `${route} has no package ${name}`);
}

const place = z.tuple([z.number(), z.string(), z.string()]);

function cursorOf({ score, name, route }: Found): string {
  return textOf([score, name, route.name]);
}

/** Where the page after these versions begins; `null`: they are all. */
function cursorAfter(versions: readonly DescribedVersion[], total: number): string | null {
  const last = versions.at(-1);
  if (last === undefined || versions.length >= total) return null;
  return textOf([last.publishedMs ?? 0, last.version, '']);
}

function textOf(at: z.output<typeof place>): string {
  return Buffer.from(JSON.stringify(at)).toString('base64url');
}

function placeIn(cursor: string) {
  const parsed = place.safeParse(parsedJson(Buffer.from(cursor, 'base64url').toString()));
  if (!parsed.success)
    throw new MeridianError('request-malformed', 'the cursor is not one that this has given');
  const [score, name, route] = parsed.data;
  return { score, name, route };
}
