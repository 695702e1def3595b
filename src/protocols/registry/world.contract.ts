/**
 * A small world for the tests of this folder: an ecosystem of toys, upstreams on the loopback interface, and an origin with a cache that is no
 * more than a map.
 */
import { exchange as exchangeWith } from '../../../test/support/builders.ts';
import { type VirtualClock, virtualClock } from '../../../test/support/clock.ts';
import type { Answer, Entry } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Plan } from '../../foresight.ts';
import type { Digest } from '../../http/digest.ts';
import type { Ask, PartAsk } from '../../parent.ts';
import type { OriginDoor, Protocol } from '../../protocol.ts';
import type { Named, Resource } from '../../resource.ts';
import { documentAnswer, ownAnswer } from './answers.ts';
import { type IndexWanted, pullIndex } from './document.ts';
import type { Ecosystem, Item, Pulling, Read } from './ecosystem.ts';
import { type FileWanted, pullFile, pullFirst } from './file.ts';
import type { HostedOptions, RegistryOptions, UpstreamOptions } from './options.ts';
import type { PolicyOptions } from './policy/options.ts';
import { semanticOrder } from './policy/semver.ts';
import { registry } from './registry.ts';
import { askUpstream, passError } from './upstream.ts';

const openThings: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeWorld(): Promise<void> {
  for (const close of openThings.splice(0)) await close();
}

export interface Upstream {
  readonly url: string;
  /** `METHOD /path` of every request so far. */
  readonly seen: string[];
  /** The fields of each. */
  readonly fields: Headers[];
}

export function upstream(answer: (request: Request) => Response | Promise<Response>): Upstream {
  const seen: string[] = [];
  const fields: Headers[] = [];
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      seen.push(`${request.method} ${pathname}${search}`);
      fields.push(new Headers(request.headers)); // a request that has been answered forgets its own
      return answer(request);
    },
  });
  openThings.push(() => server.stop(true));
  return { url: server.url.href.slice(0, -1), seen, fields };
}

/** An upstream that has these, by their paths. */
export function upstreamOf(has: Readonly<Record<string, string | (() => Response)>>): Upstream {
  return upstream(({ url }) => {
    const found = has[new URL(url).pathname];
    if (found === undefined) return new Response('no such thing', { status: 404 });
    return typeof found === 'string' ? new Response(found) : found();
  });
}

export const sha256Of = (text: string): Digest => ({
  algorithm: 'sha256',
  value: new Bun.CryptoHasher('sha256').update(text).digest('base64'),
});

/** What a test says of the toys. */
export interface Toys {
  readonly index?: Partial<IndexWanted>;
  readonly file?: Partial<FileWanted>;
  /** Of files; absent: they are fetched whole. */
  readonly inParts?: Item['inParts'];
  readonly foresee?: Ecosystem['foresee'];
  readonly foresight?: Ecosystem['foresight'];
}

/**
 * `/left/` is the index of `left`: a line for each version, with the time of its publication. `/left/left-1.0.bin` is a file of it. Names are
 * written in any case, with dashes or underscores.
 */
export function toys({ index, file, inParts, foresee, foresight }: Toys = {}): Ecosystem {
  return {
    ...{ id: 'toy', title: 'Toys', advisories: 'Toy', canonical },
    ...(foresee && { foresee }),
    ...(foresight && { foresight }),
    read: (path) => read(path, inParts),
    order: semanticOrder({ fewest: 1, most: 3, build: () => '' }),
    foreign: (authorization, path) =>
      authorization.startsWith('Upstream ') ? { as: 'pass', what: 'own', name: nameIn(path) } : null,
    async pull(item, at) {
      if (item.isFile !== true) return pullIndex(item, { ...indexOf(item), ...index }, at);
      return pullFirst(at.registry.sources.of(item.name), item, at, (source) =>
        pullFile(item, { ...fileOf(item), source, ...file }, at),
      );
    },
    serve: async (_, { ask }) =>
      documentAnswer({ body: 'ours', type: 'text/plain' }, ask.stored, 'public, max-age=60'),
    receive,
    error: (status, message) => ({ type: 'text/x-toy', body: `toy ${status}: ${message}` }),
    guides: () => [],
  };
}

function canonical(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function nameIn(path: string): string | null {
  const name = path.split('/')[1] ?? '';
  return name === '' ? null : canonical(name);
}

function read(path: string, inParts: Item['inParts']): Read {
  const [, , last = ''] = path.split('/');
  const name = nameIn(path);
  if (path.startsWith('/-/')) return { as: 'pass', what: 'own', name: canonical(last) };
  if (name === null || last === '')
    return { as: 'item', item: { kind: 'index', name, path: name === null ? '' : `${name}/`, isText: true } };
  const version = /-([^-]+)\.bin$/.exec(last)?.[1];
  const item = { kind: 'file', name, path: `${name}/${last}`, version, inParts, isFile: true } as const;
  return { as: 'item', item };
}

function indexOf({ path }: Item): IndexWanted {
  return {
    ...{ path: `/${path}`, revision: 1 },
    derive: (bytes, { judge }) => {
      const lines = Buffer.from(bytes).toString().trim().split('\n');
      const kept = lines.filter((line) => {
        const [version = '', time = ''] = line.split(' ');
        return judge.against({ version, publishedMs: Date.parse(time) || null }) === null;
      });
      return { body: `${kept.join('\n')}\n`, type: 'text/plain' };
    },
  };
}

function fileOf({ path, version }: Item): Omit<FileWanted, 'source'> {
  const known = { type: 'application/x-toy', version: version ?? null, publishedMs: null };
  return { url: `/${path}`, digest: null, ...known };
}

/** Asks the upstream as whoever asks. */
async function receive(_: string, at: Pulling & { readonly path: string }): Promise<Answer> {
  const [source] = at.registry.sources.all;
  if (source === undefined || at.path.startsWith('/-/')) return ownAnswer(200, 'text/plain', 'passed');
  const authorization = at.ask.exchange.headers.get('authorization') ?? '';
  const answer = await askUpstream(source, at.path, { headers: new Headers({ authorization }) }, at);
  return answer.status === 200 ? answer : passError(answer, at.path, at.registry);
}

export interface WorldOptions extends Toys {
  readonly upstreams?: readonly (Upstream | (Partial<UpstreamOptions> & { readonly url: string }))[];
  readonly hosted?: Partial<HostedOptions>;
  readonly policy?: Partial<PolicyOptions>;
  readonly registry?: Partial<RegistryOptions>;
}

export interface Asked {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly part?: PartAsk;
  readonly background?: boolean;
  readonly signal?: AbortSignal;
}

/** What came of a question: the status, what it says, and its fields. */
export interface Told {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface World {
  readonly protocol: Protocol;
  readonly clock: VirtualClock;
  /** Keys of what was asked to be fetched ahead. */
  readonly ahead: string[];
  /** URL and `Authorization` of all that was asked of upstreams. */
  readonly sent: { readonly url: string; readonly authorization: string | null }[];
  get(target: string, asked?: Asked): Promise<Told>;
  stored(target: string): Entry | undefined;
  named(target: string, asked?: Asked): Named;
  /** What the origin answers to a question about a tree. */
  /** @param signal aborted when nobody waits any more. */
  foresee(question: string, signal?: AbortSignal): Promise<Plan>;
  /** Pulls what was last asked to be fetched ahead, as the cache does when it is its turn. */
  getAhead(): Promise<void>;
  /** Of what is fetched ahead from now on, all waits for this. */
  holdAhead(until: Promise<void>): void;
}

export function world({
  upstreams = [],
  hosted,
  policy,
  registry: further,
  ...own
}: WorldOptions = {}): World {
  const clock = virtualClock(Date.UTC(2026, 5, 15));
  const options: RegistryOptions = {
    upstreams: upstreams.map((each) => ({
      names: [],
      internalHosts: [],
      ...('seen' in each ? { url: each.url } : each),
    })),
    hosted:
      hosted === undefined ? null : { names: [], public: [], maxFileBytes: 2 ** 20, quota: {}, ...hosted },
    policy: policy === undefined ? null : { blocked: [], ...policy },
    ...{ mirror: {}, ahead: { atOnce: 2 }, metadata: { freshS: 300 }, maxIndexBytes: 64 * 1024 },
    ...further,
  };
  const protocol = registry(toys(own), options, { route: 'toys', prefix: '/t', role: 'origin' }, clock);
  openThings.push(() => protocol.close?.());
  const kept = new Map<string, { readonly entry: Entry; readonly bytes: Uint8Array<ArrayBuffer> }>();
  let holding = Promise.resolve();
  let lastAhead: Ask | null = null;

  function exchangeOf(target: string, { headers = {}, method = 'GET' }: Asked) {
    return exchangeWith({ method, target: `/t${target}`, headers: new Headers(headers) });
  }

  async function pull(ask: Ask): Promise<Answer> {
    const answer = await protocol.pull(ask, door);
    const { named } = ask;
    if (named.as === 'pass' || ask.part) return answer;
    if (answer.headers.get('cache-control') === 'no-store') return answer;
    const bytes =
      answer.status === 304 ? (kept.get(named.key)?.bytes ?? new Uint8Array()) : await bytesOf(answer);
    kept.set(named.key, { entry: entryOf(named, answer, kept.get(named.key)?.entry), bytes });
    return { ...answer, body: bytes };
  }

  const made: World = {
    ...{ protocol, clock, ahead: [], sent: [] },
    named: (target, asked = {}) => protocol.name(exchangeOf(target, asked)),
    stored: (target) => {
      const named = made.named(target);
      return named.as === 'resource' ? kept.get(named.key)?.entry : undefined;
    },
    async foresee(question, signal = new AbortController().signal) {
      const exchange = exchangeOf('/', {});
      const named = protocol.name(exchange);
      if (named.as !== 'resource') throw new Error('there is nobody to ask');
      const ask = { exchange, named, stored: null, part: null, background: true, reload: false };
      const { foresight } = protocol;
      if (foresight === undefined) throw new Error('nothing is foreseen here');
      return foresight.foresee(question, { ask: { ...ask, signal }, door });
    },
    async getAhead() {
      if (lastAhead !== null) await pull(lastAhead);
    },
    holdAhead: (until) => {
      holding = until;
    },
    async get(target, asked = {}) {
      const exchange = exchangeOf(target, asked);
      const named = protocol.name(exchange);
      if (named.as === 'refusal') throw named.error;
      if (named.as !== 'resource' && named.as !== 'pass') throw new Error('the node answers by itself');
      const stored = named.as === 'resource' ? (kept.get(named.key)?.entry ?? null) : null;
      const { part = null, background = false, signal = new AbortController().signal } = asked;
      const answer = await pull({ exchange, named, stored, part, background, reload: false, signal });
      return {
        status: answer.status,
        headers: answer.headers,
        text: Buffer.from(await bytesOf(answer)).toString(),
      };
    },
  };

  const door: OriginDoor = {
    ...{ accounts: null, stores: null, newestPurge: 0, spares: () => true, purge: async () => {} },
    heldBytes: () => null,
    async fetchAhead(resource, ask) {
      made.ahead.push(resource.key);
      // Somebody else may wait for it by then.
      lastAhead = { ...ask, named: resource, background: false };
      await holding;
    },
    async fetch(remote, url, { method, headers, body = null, signal }) {
      // As the node does it: on the very object that was handed in.
      if (remote.authorization !== undefined) headers.set('authorization', remote.authorization);
      made.sent.push({ url, authorization: headers.get('authorization') });
      const request = { method, headers, body, signal, redirect: 'manual', decompress: false } as const;
      const response = await fetch(url, request).catch((cause: unknown) => {
        throw new MeridianError('upstream-unreachable', 'nobody answers', { cause });
      });
      return { status: response.status, headers: response.headers, body: response.body };
    },
    async read(resource, ask) {
      const known = kept.get(resource.key);
      if (known !== undefined && !ask.reload)
        return { status: known.entry.status, headers: new Headers(), bytes: known.bytes };
      const answer = await pull({ ...ask, named: resource, stored: known?.entry ?? null });
      return { ...answer, bytes: await bytesOf(answer) };
    },
  };
  return made;
}

async function bytesOf({ body }: Answer): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** As the cache writes it down; confirmed, with the fields of before where the answer says nothing else. */
function entryOf({ key, tags }: Resource, { status, headers }: Answer, before?: Entry): Entry {
  const fields = new Headers(
    before?.fields.map(([name, value]) => [name, value]) as [string, string][] | undefined,
  );
  for (const [name, value] of headers) fields.set(name, value);
  const changed = Date.parse(headers.get('last-modified') ?? '');
  return {
    ...{ key, tags, status: status === 304 ? (before?.status ?? 200) : status, fields: [...fields] },
    ...{ etag: headers.get('etag') ?? before?.etag ?? null, sourceEtag: null, selecting: [], asOf: 0 },
    lastModifiedMs: Number.isNaN(changed) ? (before?.lastModifiedMs ?? null) : changed,
    ...{ sizeBytes: 0, sha256: '', freshness: neverFresh },
  };
}

const neverFresh: Entry['freshness'] = {
  ...{ receivedMs: 0, initialAgeS: 0, lifetimeS: 0, staleWhileRevalidateS: 0, staleIfErrorS: 0 },
  ...{ staleIfDisconnectedS: 0, immutable: false, alwaysRevalidate: false, neverStale: false },
};
