/**
 * One request on its way through a node: parsed once, carrying what later phases need.
 */
import type { Position } from './bus.ts';
import type { Identity, Right } from './identity.ts';

export interface Exchange {
  readonly request: Request;
  readonly headers: Headers;
  readonly method: string;
  /** As the client used it: `https://packages.example.com`, without a trailing slash. */
  readonly base: string;
  /** Host and port as the client used them. */
  readonly authority: string;
  /** Path and query as received: what goes into the request line of the next tier. */
  readonly target: string;
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  /** Names the request in logs and errors, the same in every tier. */
  readonly id: string;
  /** `Clock.now()` when it arrived, ms since the epoch. */
  readonly nowMs: number;
  /** `Clock.elapsed()` when it arrived, ms. */
  readonly startedMs: number;
  /** Another node of the network (authenticated), or `null` for a client. */
  readonly tier: TierCaller | null;
  /** Who asks, where that has been found out: always at the origin, for what is not just read from a cache. */
  readonly identity?: Identity | undefined;
  /** Another worker of this node has handed it over: it is answered here, whoever keeps what it asks for. */
  readonly relayed?: boolean;
  /** And wants no answer but from memory. */
  readonly memoryOnly?: boolean;
  /** What is noted of it for its trace; absent for what memory answers, and for what a node asks for itself. */
  trace?: Trace | undefined;
  /** The client's address; looked up when somebody wants to know. */
  client(): string;
  /**
   * Hands on an interim response (102, 103) that came before the answer. Without effect where nobody can take it: by
   * then the answer is known, or the client's way of asking knows none. Absent: nobody waits.
   */
  readonly inform?: ((status: number, headers: Headers) => void) | undefined;
  /** The request's body within the node's limits, or this many bytes instead. To be read once. */
  body(atMost?: number): ReadableStream<Uint8Array> | null;
}

/**
 * How far a node has followed the purges on the bus: to this place, or `unsure` when it has been cut off from the bus for
 * so long that it trusts nothing that it keeps.
 */
export type Knowledge = Position | 'unsure';

/** Who is behind a request that changes something or is about himself, by the word of the PoP that he talks to. */
export interface Caller {
  /** Id of his token; `null` without one. */
  readonly token: string | null;
  /** His address. */
  readonly address: string;
  /** What he shows is good for these things alone, of what his token is good for; absent: for all of it. */
  readonly only?: readonly Right[] | undefined;
}

/** A node of this network that asks another one. */
export interface TierCaller {
  readonly node: string;
  /** The route that the PoP chose by the host that its client used. */
  readonly route: string;
  /** Nobody waits for the answer (background revalidation), so it had better be a new one than a fast one. */
  readonly background: boolean;
  /** A sibling, which wants only what is stored here. */
  readonly storedOnly?: boolean | undefined;
  /** What the asker knows of purges; absent where there is no bus. No answer may be older than that. */
  readonly knows?: Knowledge | undefined;
  readonly caller?: Caller | undefined;
  /** This node has not got as far: what it keeps has to be confirmed by its own parent, which is told what the asker knows. */
  readonly mustConfirm?: boolean;
}

/** A request's part of a trace, as those see it who work for it. */
export interface Trace {
  /** 32 hexadecimal digits, the same in every tier. */
  readonly traceId: string;
  /** `tracestate`, for the next tier; `null` for none. */
  readonly state: string | null;
  /** The trace is worth keeping, and whoever asked had better know. */
  readonly isKept: boolean;
  /** Begins a question to somebody else. */
  ask(whom: Asked): AskSpan;
  /** The answer that somebody else's request had waited for became the answer to this one. */
  joined(other: Trace): void;
  /** Something that began then, by `Clock.elapsed()`, and ends now. */
  took(name: string, startedMs: number, result: string): void;
}

export interface Asked {
  readonly as: 'parent' | 'sibling' | 'member' | 'remote';
  /** Of the node, or of the server. */
  readonly name: string;
  readonly method: string;
  /** What is asked for there: an absolute URL, whose query is not noted. */
  readonly url: string;
  /** No client waits for it. */
  readonly background: boolean;
}

/** A question under way. It ends once. */
export interface AskSpan {
  /** For whoever is asked. */
  readonly traceparent: string;
  /** @param kept whoever was asked keeps the trace. */
  ended(status: number, serverTiming: string | null, kept: boolean): void;
  /** @param why as a word: the code of an error. */
  failed(why: string): void;
}

/** The same request but for what is given: what a node asks on its behalf, in other words. */
export function inOtherWords(
  exchange: Exchange,
  words: Partial<Pick<Exchange, 'method' | 'headers' | 'body' | 'identity'>>,
): Exchange {
  const { request, base, authority, target, path, query, id, nowMs, startedMs, tier, trace } = exchange;
  const { method = exchange.method, headers = exchange.headers, identity = exchange.identity } = words;
  const { body = (atMost?: number) => exchange.body(atMost) } = words;
  const client = () => exchange.client();
  return {
    ...{ request, headers, method, base, authority, target, path, query },
    ...{ id, nowMs, startedMs, tier, identity, trace, client, body },
  };
}
