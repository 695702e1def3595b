/**
 * A PoP and an origin in one, without a network or a disk, for real clients: it answers what they ask for, and writes down what was foreseen of
 * them before they did. All that is foreseen of a request is there before that is answered, as if it cost no time.
 */
import { systemClock } from '../../src/clock.ts';
import type { Answer } from '../../src/entry.ts';
import { MeridianError } from '../../src/errors.ts';
import type { Foreseen } from '../../src/foresight.ts';
import type { Ask } from '../../src/parent.ts';
import type { OriginDoor } from '../../src/protocol.ts';
import type { Ecosystem } from '../../src/protocols/registry/ecosystem.ts';
import type { RegistryOptions } from '../../src/protocols/registry/options.ts';
import { registry } from '../../src/protocols/registry/registry.ts';
import type { Resource } from '../../src/resource.ts';
import { exchange } from './builders.ts';

export interface Watched {
  /** Of the route, without a trailing slash. */
  readonly url: string;
  /** A client begins: nothing has been asked for, and nothing is foreseen. What is in the cache stays. */
  begin(): void;
  readonly told: Told;
  stop(): Promise<void>;
}

export interface Told {
  /** Keys of what the client has asked for and got, in order, each once. */
  readonly asked: readonly string[];
  /** Keys of what was foreseen, and not asked for by then, in order. */
  readonly foreseen: readonly string[];
  /** Those that were foreseen before they were asked for. */
  readonly hit: readonly string[];
  /** Those that were foreseen, and never asked for. */
  readonly vain: readonly string[];
  readonly precision: number;
  readonly recall: number;
}

/** What is less likely is not fetched. */
const leastLikely = 0.5;

const prefix = '/x';

export function watch(ecosystem: Ecosystem, upstream: string): Watched {
  const options: RegistryOptions = {
    ...{
      upstreams: [{ url: upstream, names: [], internalHosts: [] }],
      hosted: null,
      policy: null,
      mirror: {},
    },
    ...{ ahead: { atOnce: 0 }, metadata: { freshS: 300 }, maxIndexBytes: 64 * 2 ** 20 },
  };
  const protocol = registry(ecosystem, options, { route: 'x', prefix, role: 'origin' }, systemClock);
  const { foresight } = protocol;
  if (foresight === undefined) throw new Error(`nothing is foreseen of ${ecosystem.id}`);
  const kept = new Map<string, { readonly answer: Answer; readonly bytes: Uint8Array<ArrayBuffer> }>();
  let asked = new Map<string, string>();
  let foreseen = new Set<string>();
  let hit = new Set<string>();
  let questions = new Set<string>();

  async function read(named: Resource, ask: Ask) {
    const known = kept.get(named.key);
    if (known !== undefined) return known;
    const answer = await protocol.pull({ ...ask, named, stored: null }, door);
    const made = { answer, bytes: new Uint8Array(await new Response(answer.body).arrayBuffer()) };
    if (answer.status === 200) kept.set(named.key, made);
    return made;
  }

  const door: OriginDoor = {
    ...{
      accounts: null,
      heldBytes: () => null,
      stores: null,
      newestPurge: 0,
      spares: () => true,
      purge: async () => {},
    },
    fetchAhead: async () => {},
    async fetch(_, url, { method, headers, body = null, signal }) {
      const response = await fetch(url, {
        method,
        headers,
        body,
        signal,
        redirect: 'manual',
        decompress: false,
      });
      return { status: response.status, headers: response.headers, body: response.body };
    },
    async read(resource, ask) {
      const { answer, bytes } = await read(resource, ask);
      return { status: answer.status, headers: answer.headers, bytes };
    },
  };

  const askOf = (named: Resource, target: string, headers: Headers): Ask => ({
    ...{ named, exchange: exchange({ target, headers }), stored: null, part: null },
    ...{ background: false, reload: false, signal: new AbortController().signal },
  });

  function keyOf({ target, accept }: Foreseen, headers: Headers): string {
    const fields = new Headers(headers);
    if (accept !== undefined) fields.set('accept', accept);
    const named = protocol.name(exchange({ target, headers: fields }));
    if (named.as !== 'resource') throw new Error(`${target} was foreseen, and is no resource`);
    return named.key;
  }

  async function lookAhead(named: Resource, target: string, headers: Headers): Promise<void> {
    const counts = (kind: string) => [...asked.values()].filter((each) => each === kind).length;
    const clue = foresight?.clue(named, exchange({ target, headers }), { asked: counts });
    const question = clue?.question ?? null;
    if (question === null || questions.has(question)) return;
    questions.add(question);
    const plan = await foresight?.foresee(question, { ask: askOf(named, target, headers), door });
    for (const each of plan?.foreseen ?? []) {
      const key = keyOf(each, headers);
      if ((each.likelihood ?? 1) >= leastLikely && !asked.has(key) && key !== named.key) foreseen.add(key);
    }
  }

  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    async fetch({ url, headers }) {
      const { pathname, search } = new URL(url);
      const target = pathname + search;
      const named = protocol.name(exchange({ target, headers }));
      if (named.as === 'answer')
        return new Response(named.body as string, {
          status: named.status,
          headers: named.fields.map(([name, value]) => [name, value]),
        });
      if (named.as !== 'resource') return new Response('no', { status: 404 });
      await lookAhead(named, target, headers);
      const { answer, bytes } = await read(named, askOf(named, target, headers)).catch(asAnswer);
      if (answer.status === 200) {
        if (foreseen.has(named.key)) hit.add(named.key);
        asked.set(named.key, named.kind);
      }
      const fields = new Headers(answer.headers);
      fields.delete('content-length');
      return new Response(bytes, { status: answer.status, headers: fields });
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}${prefix}`,
    begin() {
      asked = new Map();
      [foreseen, hit, questions] = [new Set(), new Set(), new Set()];
    },
    get told() {
      const vain = [...foreseen].filter((key) => !hit.has(key));
      return {
        ...{ asked: [...asked.keys()], foreseen: [...foreseen], hit: [...hit], vain },
        precision: foreseen.size === 0 ? 1 : hit.size / foreseen.size,
        // The first request is what everything is foreseen by.
        recall: asked.size < 2 ? 1 : hit.size / (asked.size - 1),
      };
    },
    async stop() {
      protocol.close?.();
      await server.stop(true);
    },
  };
}

function asAnswer(error: unknown): { readonly answer: Answer; readonly bytes: Uint8Array<ArrayBuffer> } {
  if (!(error instanceof MeridianError)) throw error;
  return {
    answer: { status: error.row.status, headers: new Headers(), body: null },
    bytes: new Uint8Array(),
  };
}
