/**
 * A small world for the tests of this folder: upstream registries on the loopback interface, and an origin
 * with a cache that is no more than a map.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Answer, Entry } from '../../entry.ts';
import type { Exchange } from '../../exchange.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor, Protocol, Role } from '../../protocol.ts';
import type { FieldList, Named, Resource } from '../../resource.ts';
import { keyOf } from './key.ts';
import { type NpmOptions, npm } from './npm.ts';

const openThings: (() => unknown)[] = [];

/** For `afterEach`. */
export async function closeWorld(): Promise<void> {
  for (const close of openThings.splice(0)) await close();
}

export function closeLater(close: () => unknown): void {
  openThings.push(close);
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
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      seen.push(`${request.method} ${pathname}${search}`);
      fields.push(new Headers(request.headers)); // a request that has been answered forgets its own
      return answer(request);
    },
  });
  closeLater(() => server.stop(true));
  return { url: server.url.href.slice(0, -1), seen, fields };
}

/** A full packument as a registry serves it, with white space and a link to the registry itself. */
export function packumentOf(name: string, base: string, versions: readonly string[] = ['1.0.0']): string {
  const bare = name.slice(name.indexOf('/') + 1);
  const document = {
    _id: name,
    name,
    'dist-tags': { latest: versions.at(-1) },
    time: { modified: '2026-01-02T03:04:05.678Z' },
    readme: 'how to use it',
    versions: Object.fromEntries(
      versions.map((version) => [
        version,
        {
          name,
          version,
          description: 'only in the full form',
          scripts: { postinstall: 'node build.js' },
          dependencies: { other: '^1.0.0' },
          dist: {
            tarball: `${base}/${name}/-/${bare}-${version}.tgz`,
            integrity: integrityOf(`tarball of ${name}@${version}`),
          },
        },
      ]),
    ),
  };
  return JSON.stringify(document, null, 2);
}

export function integrityOf(bytes: string): string {
  return `sha512-${new Bun.CryptoHasher('sha512').update(bytes).digest('base64')}`;
}

export function exchangeOf(
  target: string,
  fields: Record<string, string> = {},
  init: RequestInit = {},
): Exchange {
  const url = new URL(target, 'http://packages.example.com');
  const request = new Request(url.href, { ...init, headers: fields });
  return {
    request,
    headers: request.headers,
    method: request.method,
    base: 'https://packages.example.com',
    authority: 'packages.example.com',
    target,
    path: target.split('?', 1)[0] ?? '',
    query: url.search,
    id: 'test',
    nowMs: 0,
    startedMs: 0,
    tier: null,
    client: () => '192.0.2.1',
    body: () => request.body,
  };
}

export const abbreviatedAccept = {
  accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
};

export function protocolAt(
  role: Role,
  options: Partial<NpmOptions> = {},
  prefix = '',
  clock: Clock = systemClock,
): Protocol {
  const complete = {
    remotes: [],
    hosted: null,
    policy: null,
    metadata: { freshS: 300 },
    maxPackumentBytes: 1024 * 1024,
    ...options,
  };
  const protocol = npm(complete, { route: 'npm', prefix, role }, clock);
  closeLater(() => protocol.close?.());
  return protocol;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An origin: names, pulls, and keeps what may be kept for as long as the world stands. */
export class Origin {
  readonly protocol: Protocol;
  readonly stored = new Map<string, { entry: Entry; bytes: Uint8Array<ArrayBuffer> }>();
  /** Remote and `Authorization` of every request to an upstream. */
  readonly sent: { url: string; authorization: string | undefined }[] = [];

  constructor(options: Partial<NpmOptions>, clock: Clock = systemClock) {
    this.protocol = protocolAt('origin', options, '', clock);
  }

  /** Asks as a shield does, past the origin's own store unless it holds something to confirm. */
  async get(
    target: string,
    fields: Record<string, string> = {},
    init: RequestInit = {},
  ): Promise<WholeAnswer> {
    const exchange = exchangeOf(target, fields, init);
    return this.ask(this.protocol.name(exchange), exchange);
  }

  async ask(named: Named, exchange: Exchange): Promise<WholeAnswer> {
    if (named.as === 'refusal') throw named.error;
    if (named.as === 'answer' || named.as === 'taken' || named.as === 'ticket')
      throw new Error('needs no origin');
    const stored = named.as === 'resource' ? (this.stored.get(named.key)?.entry ?? null) : null;
    const signal = new AbortController().signal;
    const answer = await this.pull({ exchange, named, stored, background: false, reload: false, signal });
    const text = answer.status === 304 ? '' : Buffer.from(await bytesOf(answer)).toString();
    return { status: answer.status, headers: answer.headers, text };
  }

  /** Pulls, and stores what a cache would. */
  async pull(ask: Ask): Promise<Answer> {
    const answer = await this.protocol.pull(ask, this.door);
    if (ask.named.as === 'pass' || answer.status === 304) return answer;
    if (answer.headers.get('cache-control')?.includes('no-store')) return answer;
    const bytes = await bytesOf(answer);
    this.stored.set(ask.named.key, { entry: entryOf(ask.named, answer), bytes });
    return { ...answer, body: bytes };
  }

  readonly door: OriginDoor = {
    accounts: null,
    stores: null,
    purge: async () => {},
    fetchAhead: async () => {},
    heldBytes: ({ key }) => this.stored.get(key)?.bytes.byteLength ?? null,
    newestPurge: 0,
    spares: () => true,
    fetch: async (remote, url, { method, headers, body = null, signal }) => {
      // As the node does it: on the very object that was handed in.
      if (remote.authorization !== undefined) headers.set('authorization', remote.authorization);
      this.sent.push({ url, authorization: headers.get('authorization') ?? undefined });
      const request = { method, headers, body, signal, redirect: 'manual', decompress: false } as const;
      const response = await fetch(url, request);
      return { status: response.status, headers: response.headers, body: response.body };
    },
    read: async (resource, ask) => {
      const known = this.stored.get(resource.key);
      if (known === undefined || ask.reload) {
        const stored = known?.entry ?? null;
        const answer = await this.pull({ ...ask, named: resource, stored });
        if (answer.status !== 304) return { ...answer, bytes: await bytesOf(answer) };
      }
      const { entry, bytes } = this.stored.get(resource.key)!;
      return { status: entry.status, headers: new Headers(entry.fields.map(([n, v]) => [n, v])), bytes };
    },
  };
}

export async function bytesOf({ body }: Answer): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function entryOf(resource: Resource, { status, headers }: Answer): Entry {
  const sourceEtag = headers.get('meridian-source-etag');
  const { key, tags } = resource;
  return { ...entryWith([...headers]), key, tags, status, etag: headers.get('etag'), sourceEtag };
}

/** A stored response of which only its fields matter. */
export function entryWith(fields: FieldList): Entry {
  return {
    key: keyOf('npm', { kind: 'keys' }),
    status: 200,
    fields,
    selecting: [],
    tags: [],
    freshness: {
      receivedMs: 0,
      initialAgeS: 0,
      lifetimeS: 0,
      staleWhileRevalidateS: 0,
      staleIfErrorS: 0,
      staleIfDisconnectedS: 0,
      immutable: false,
      alwaysRevalidate: false,
      neverStale: false,
    },
    etag: null,
    lastModifiedMs: null,
    sourceEtag: null,
    asOf: 0,
    sizeBytes: 0,
    sha256: '',
  };
}
