/**
 * What was foreseen of a client, held against what it went on to ask for: a door in front of a PoP writes down what comes by, and the foresight of an
 * ecosystem is asked of each request as a PoP would ask it, with the answers of that PoP as the origin's cache.
 */
import type { Ask } from '../../src/parent.ts';
import type { OriginDoor } from '../../src/protocol.ts';
import type { Ecosystem } from '../../src/protocols/registry/ecosystem.ts';
import { itemOf } from '../../src/protocols/registry/item.ts';
import { registry } from '../../src/protocols/registry/registry.ts';
import { exchange } from './builders.ts';

export interface Passing {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly status: number;
}

export interface RecordingDoor extends Disposable {
  /** Without a trailing slash. */
  readonly url: string;
  /** Since the start or the last `forget`, in the order in which they came. */
  passed(): readonly Passing[];
  forget(): void;
}

/** @param url of the PoP, without a trailing slash. */
export function recordingDoor(url: string): RecordingDoor {
  let all: { passing: Omit<Passing, 'status'>; status: number }[] = [];
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1', idleTimeout: 60 },
    async fetch(request) {
      const { pathname, search, host } = new URL(request.url);
      const headers = new Headers(request.headers);
      const target = pathname + search;
      const noted = { passing: { method: request.method, target, headers: new Headers(headers) }, status: 0 };
      all.push(noted);
      headers.set('host', host);
      const body = request.body === null ? null : await request.arrayBuffer();
      const asked = { method: request.method, headers, body, redirect: 'manual', decompress: false } as const;
      const response = await fetch(url + target, asked);
      noted.status = response.status;
      const { status } = response;
      const bytes = request.method === 'HEAD' || status === 304 ? null : await response.arrayBuffer();
      return new Response(bytes, { status, headers: response.headers });
    },
  });
  return {
    url: server.url.href.slice(0, -1),
    passed: () => all.map(({ passing, status }) => ({ ...passing, status })),
    forget() {
      all = [];
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

export interface Foretold {
  /** Of what was foreseen, what was asked for. */
  readonly precision: number;
  /** Of what was asked for after the first request, what had been foreseen by then. */
  readonly recall: number;
  /** Foreseen, and never asked for. */
  readonly inVain: readonly string[];
  /** Asked for, and not foreseen by then. */
  readonly missed: readonly string[];
  /** Foreseen, with its likelihood, in the order of its being known. */
  readonly foreseen: ReadonlyMap<string, number>;
}

export interface At {
  /** Of the PoP, which answers what the origin would read. */
  readonly url: string;
  readonly prefix: string;
  /** What is less likely does not count. */
  readonly likelihood?: number;
}

export async function foretell(
  ecosystem: Ecosystem,
  passed: readonly Passing[],
  { url, prefix, likelihood: least = 0.5 }: At,
): Promise<Foretold> {
  const options = {
    ...{ upstreams: [], hosted: null, policy: null, mirror: {}, ahead: { atOnce: 0 } },
    ...{ metadata: { freshS: 300 }, maxIndexBytes: 2 ** 24 },
  };
  const { name, foresight, close } = registry(ecosystem, options, { route: 'r', prefix, role: 'pop' });
  if (foresight === undefined) throw new Error(`Nothing is foreseen of ${ecosystem.title}.`);
  const known = new Map<string, number>();
  const answered = new Set<string>();
  const kinds = new Map<string, number>();
  const missed: string[] = [];
  const wanted = new Set<string>();
  for (const { method, target, headers } of passed) {
    if (method !== 'GET' && method !== 'HEAD') continue;
    const named = name(exchange({ method, target, headers, base: url }));
    const isForeseen = (known.get(target) ?? 0) >= least;
    if (!wanted.has(target) && wanted.size > 0 && !isForeseen) missed.push(target);
    wanted.add(target);
    if (named.as === 'refusal' || named.as === 'answer') continue;
    const asked = new Map(kinds);
    const doing = { asked: (kind: string) => asked.get(kind) ?? 0 };
    const clue = foresight.clue(named, exchange({ method, target, headers, base: url }), doing);
    kinds.set(named.kind, doing.asked(named.kind) + 1);
    // What is there before it is asked for leads to no question, as in a PoP.
    if (isForeseen) continue;
    const question = clue?.question ?? null;
    const plan =
      question === null || answered.has(question) ? null : await foresight.foresee(question, at(url, prefix));
    if (question !== null) answered.add(question);
    for (const { target: soon, likelihood = 1 } of [...(clue?.foreseen ?? []), ...(plan?.foreseen ?? [])])
      if (likelihood > (known.get(soon) ?? 0)) known.set(soon, likelihood);
  }
  close?.();
  const counted = [...known].filter(([, likelihood]) => likelihood >= least).map(([target]) => target);
  const inVain = counted.filter((target) => !wanted.has(target));
  return {
    precision: counted.length === 0 ? 0 : 1 - inVain.length / counted.length,
    recall: wanted.size < 2 ? 0 : 1 - missed.length / (wanted.size - 1),
    ...{ inVain, missed, foreseen: known },
  };
}

function at(url: string, prefix: string): { readonly ask: Ask; readonly door: OriginDoor } {
  const fails = () => Promise.reject(new Error('nothing but reading is foreseen'));
  const own = exchange({ target: '/.meridian/ahead/r' });
  return {
    ask: {
      ...{ exchange: own, named: { as: 'pass', kind: 'plan', why: 'method', ask: [] } },
      ...{ stored: null, background: true, reload: false, signal: new AbortController().signal },
    },
    door: {
      ...{ stores: null, accounts: null, heldBytes: () => null, newestPurge: 0, spares: () => true },
      ...{ purge: fails, fetch: fails, fetchAhead: fails },
      async read(resource) {
        const item = itemOf(resource);
        const response = await fetch(`${url}${prefix}/${item?.path}`);
        return { status: response.status, headers: response.headers, bytes: await response.bytes() };
      },
    },
  };
}
