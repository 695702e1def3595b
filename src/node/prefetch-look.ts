/**
 * At the origin: what there is to have of one version, or at one address, for whoever has ordered it. What he may not read he hears no more of than
 * of what there is not.
 */

import { administers } from '../access/api/administers.ts';
import type { PolicyReader } from '../access/api/endpoint.ts';
import { discard } from '../cache/lead.ts';
import type { Obtained } from '../cache/slices/object.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { NeedsGiven, PrefetchItem } from '../foresight.ts';
import { parsedJson } from '../http/json.ts';
import { type Identity, isRestricted } from '../identity.ts';
import type { Wanted } from '../protocol.ts';
import type { FieldList, Resource } from '../resource.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';

export interface Looking {
  readonly node: Pick<Node, 'clock' | 'cache' | 'site'>;
  /** `null`: whoever is on the origin's own machine, or the config. */
  readonly identity: Identity | null;
  readonly platforms: NeedsGiven['platforms'];
  readonly indexes: boolean;
  /** This very version of each thing is meant, as it is looked at anew when there is another one. */
  readonly isExact: boolean;
  /** It is for a version that he may order: then he may order what its client asks of the route as a whole, too, such as `config.json`. */
  readonly isForVersion?: boolean;
}

export interface Looked {
  readonly items: readonly PrefetchItem[];
  /** Why it is not all that was ordered; `null`: it is. */
  readonly lacks: string | null;
}

/** Of an answer that says why there is nothing. */
const longestReason = 64 * 1024;
const mostSaid = 500;

const absent: Looked = { items: [], lacks: 'there is no such thing, or it is not for you to read' };
const notYours: Looked = {
  items: [],
  lacks: 'you may not have it fetched ahead: that needs the right `prefetch`',
};

export async function lookAtVersion(route: Route, wanted: Wanted, looking: Looking): Promise<Looked> {
  const { protocol } = route;
  const { node, platforms, indexes, identity } = looking;
  const read = node.site.readOf(route);
  if (protocol.needs === undefined || read === null)
    return { items: [], lacks: `of ${route.name}, addresses alone can be fetched ahead` };
  if (!mayOrder(identity, route, wanted.name) && !mayOrder(identity, route, plainName(wanted.name)))
    return notYours;
  const needs = await orReason(() => protocol.needs?.(wanted, { platforms, indexes, read }) ?? noNeeds());
  if (typeof needs === 'string') return { items: [], lacks: needs };
  const { items, about, isSeen, lacks } = needs;
  if (items.length === 0) return nothing(route, wanted, about, lacks, looking);
  const of = { ...looking, isForVersion: true };
  if (!isSeen) return lookAtAll(route, items, of);
  const barred = items.map((item) => barring(route, item, false, of)).find((each) => each !== null);
  return barred ?? { items, lacks };
}

/** In each form that clients ask for there. @param target path and query of the route. */
export async function lookAtAddress(route: Route, target: string, looking: Looking): Promise<Looked> {
  const plain: PrefetchItem = { target, bytes: 0, etag: null };
  const items = new Map<string, PrefetchItem>();
  for (const item of [plain, ...(route.protocol.accepts ?? []).map((accept) => ({ ...plain, accept }))]) {
    const named = nameOf(route, item, looking);
    if (typeof named === 'string') continue;
    const { key } = named.resource;
    if (!items.has(key)) items.set(key, item);
  }
  return lookAtAll(route, items.size === 0 ? [plain] : [...items.values()], looking);
}

async function lookAtAll(route: Route, items: readonly PrefetchItem[], looking: Looking): Promise<Looked> {
  const found: PrefetchItem[] = [];
  const reasons: string[] = [];
  for (const item of items) {
    const one = await lookAtOne(route, item, looking);
    found.push(...one.items);
    if (one.lacks !== null) reasons.push(one.lacks);
  }
  return { items: found, lacks: reasons[0] ?? null };
}

async function lookAtOne(route: Route, item: PrefetchItem, looking: Looking): Promise<Looked> {
  const before = barring(route, item, false, looking);
  if (before !== null) return before;
  const answer = await orReason(() => headOf(route, item, looking));
  if (typeof answer === 'string') return { items: [], lacks: answer };
  const barred = barring(route, item, answer.isRestricted, looking);
  if (barred !== null) return barred;
  if (answer.status === 200) {
    const etag = looking.isExact ? answer.etag : item.etag;
    return { items: [{ ...item, etag, bytes: answer.bytes }], lacks: null };
  }
  // What is for some alone and is not there is not told apart from what is there.
  return {
    items: [],
    lacks: answer.status === 404 ? absent.lacks : await reasonOf(route, item, answer.status, looking),
  };
}

/** What stands against his having it fetched; `null`: nothing. */
function barring(route: Route, item: PrefetchItem, isRestricted: boolean, looking: Looking): Looked | null {
  const named = nameOf(route, item, looking);
  if (typeof named === 'string') return { items: [], lacks: named };
  const { subject = '' } = named.resource;
  const restricted = isRestricted || named.resource.isRestricted === true;
  const { identity, isForVersion = false } = looking;
  if (identity !== null && !identity.may({ action: 'read', route: route.name, subject, restricted }))
    return absent;
  return (isForVersion && subject === '') || mayOrder(identity, route, subject) ? null : notYours;
}

function mayOrder(identity: Identity | null, { name: route }: Route, subject: string): boolean {
  if (identity === null || administers(identity)) return true;
  return identity.may({ action: 'prefetch', route, subject, restricted: true });
}

/** As several ecosystems write names in rights: the check of what is then named is the one that counts. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

interface NamedItem {
  readonly resource: Resource;
  readonly exchange: Exchange;
}

/** Or why there is nothing to have at this address. */
function nameOf(
  { name, protocol }: Route,
  { target, accept }: PrefetchItem,
  { node }: Looking,
): NamedItem | string {
  const times = { nowMs: node.clock.now(), startedMs: node.clock.elapsed() };
  const headers = new Headers(accept === undefined ? {} : { accept });
  const exchange = { ...ownExchange({ method: 'GET', target, body: null, ...times }), headers };
  const resource = protocol.name(exchange);
  if (resource.as === 'resource') return { resource, exchange };
  return resource.as === 'refusal'
    ? resource.error.detail
    : `nothing is ever kept of ${target} (route ${name})`;
}

interface AnswerHead {
  readonly status: number;
  readonly bytes: number;
  readonly etag: string | null;
  readonly isRestricted: boolean;
}

/** Has the origin fetch it, as it is going to be asked for it. */
async function headOf(route: Route, item: PrefetchItem, looking: Looking): Promise<AnswerHead> {
  const { cache, site } = looking.node;
  const named = nameOf(route, item, looking);
  if (typeof named === 'string') throw new MeridianError('request-malformed', named);
  const { resource, exchange } = named;
  const { source } = await cache.obtain(
    resource,
    exchange,
    cache.lookup(resource, exchange),
    site.parentOf(route),
  );
  return answerIn(source);
}

async function answerIn(source: Obtained['source']): Promise<AnswerHead> {
  switch (source.from) {
    case 'memory':
    case 'disk':
      return headIn(source.entry.status, source.entry.fields, source.entry.sizeBytes);
    case 'slices':
      return headIn(source.object.head.status, source.object.head.fields, source.object.sizeBytes);
    case 'fill': {
      const entry = await source.fill.over;
      if (source.fill.error) throw source.fill.error;
      const { status, fields } = source.fill.head;
      return headIn(status, fields, entry?.sizeBytes ?? lengthIn(fields));
    }
    case 'parent': {
      discard(source.answer);
      const fields = [...source.answer.headers];
      return headIn(source.answer.status, fields, lengthIn(fields));
    }
  }
}

function headIn(status: number, fields: FieldList, bytes: number): AnswerHead {
  return { status, bytes, etag: fieldIn(fields, 'etag'), isRestricted: isRestricted(fields) };
}

function lengthIn(fields: FieldList): number {
  return Number(fieldIn(fields, 'content-length') ?? 0);
}

function fieldIn(fields: FieldList, wanted: string): string | null {
  return fields.find(([name]) => name === wanted)?.[1] ?? null;
}

/** Of a version of which nothing is known: what the policy says, or the answer about it. */
async function nothing(
  route: Route,
  { name, version }: Wanted,
  about: string | null,
  lacks: string | null,
  looking: Looking,
): Promise<Looked> {
  if (about !== null) {
    const one = await lookAtOne(route, { target: about, bytes: 0, etag: null }, looking);
    if (one.lacks !== null) return { items: [], lacks: one.lacks };
    return { items: [], lacks: lacks ?? absent.lacks };
  }
  const policy: PolicyReader | null = looking.node.site.services?.policyOf(route.name) ?? null;
  const { identity } = looking;
  const deed = { action: 'read', route: route.name, subject: name, restricted: false } as const;
  if (policy === null || identity?.may(deed) === false) return absent;
  const explained = await orReason(() => policy.explain(`${name}@${version}`));
  if (typeof explained === 'string' || explained.verdict !== 'refused') return absent;
  return { items: [], lacks: explained.why };
}

/** In the words in which clients are told. */
async function reasonOf(
  route: Route,
  { target }: PrefetchItem,
  status: number,
  looking: Looking,
): Promise<string> {
  const usual = `the origin answers ${status}`;
  const read = looking.node.site.readOf(route);
  const answer = read === null ? null : await orReason(() => read(target, longestReason));
  if (answer === null || typeof answer === 'string') return usual;
  const said = messageIn(parsedJson(new TextDecoder().decode(answer.bytes)));
  return said === null ? usual : said.slice(0, mostSaid);
}

/** npm: `error`; problem documents: `detail`; registries of containers: `errors[0].message`. */
function messageIn(told: unknown): string | null {
  if (typeof told !== 'object' || told === null) return null;
  for (const field of ['error', 'detail', 'message', 'title']) {
    const said: unknown = Reflect.get(told, field);
    if (typeof said === 'string' && said !== '') return said;
  }
  const errors: unknown = Reflect.get(told, 'errors');
  return Array.isArray(errors) ? messageIn(errors[0]) : null;
}

/** What cannot be found out is named, and the rest goes on. */
async function orReason<Result>(work: () => Promise<Result>): Promise<Result | string> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof MeridianError) return thrown.detail;
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function noNeeds(): Promise<never> {
  return Promise.reject(new MeridianError('internal', 'this route says nothing of what clients need'));
}
