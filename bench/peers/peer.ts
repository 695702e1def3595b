/**
 * A server under test. Each is one file beside this one, which says how it is configured, started, and seen
 * to answer from store. What differs between two rows of a table (with or without an access log) is two peers.
 */
import type { Certificate } from '../certificate.ts';
import type { Cores } from '../machine.ts';
import type { Body } from '../objects.ts';
import type { Command } from '../packages.ts';
import type { Place, Scratch } from '../scratch.ts';
import type { Upstream } from '../upstream.ts';

/** As the client speaks: `http/1.1` in the clear, `https/1.1` and `h2` over TLS. */
export type Wire = 'http/1.1' | 'https/1.1' | 'h2';

export interface Peer {
  /** Unique among the peers; the key in the JSON. */
  readonly name: string;
  /** In the printed tables. */
  readonly label: string;
  /** Which program it is, in the list of versions. */
  readonly software: string;
  /** Rows whose figures this one's are divided by: those with the same work to do. */
  readonly against: readonly string[];
  readonly commands: readonly Command[];
  version(): Promise<string>;
  /** Resolves when it answers. Has registered its own end with `stage.scratch`. */
  start(stage: Stage): Promise<Running>;
}

/** What a peer is given to start with. */
export interface Stage {
  readonly scratch: Scratch;
  readonly upstream: Upstream;
  readonly certificate: Certificate;
  readonly cores: Cores;
  /** What is asked for most: a server may be told how to treat a body of each length. Never empty. */
  readonly bodies: readonly Body[];
  readonly keep: Keep;
}

/** How much a server may keep, and where. What is not said is up to each server's own file. */
export interface Keep {
  /** Bodies in memory, bytes. */
  readonly memoryBytes?: number;
  /** Bodies in files, bytes. 0: none. */
  readonly diskBytes?: number;
  /** What the files of servers that keep files are on. */
  readonly filesOn: Place;
}

export interface Running {
  /** The processes whose processor time and memory are measured, together with all that they started. */
  readonly pids: readonly number[];
  /** Processes that belong to it, but work on the load generator's core. */
  readonly beside?: readonly number[];
  /** Absolute URL without a trailing slash, or why there is none. */
  readonly on: Readonly<Record<Wire, string | NotServed>>;
  /** Whether an answer with these fields came from this server's own store. */
  isHit(headers: Headers): boolean;
  /** Absolute path of the access log, if one is written to a file. */
  readonly accessLog?: string;
  /** Of all requests, the share that has a line in it; all of them, unless it is said. */
  readonly logged?: number;
  /** How many requests it says it has answered, where it is asked for that. */
  readonly counted?: () => Promise<number>;
  /** What has come to its collector, where it has one. */
  readonly collected?: () => number;
  /** Where it keeps files. */
  readonly files?: string;
  /** Resolves when the server says that everything that bears the tag is gone. Or why it can not. */
  readonly purge?: ((tag: string) => Promise<void>) | NotServed;
}

/** Addresses of a server that speaks plainly on one port, and over TLS on another. */
export function addresses(plain: number, secure: number): Record<Wire, string> {
  const overTls = `https://127.0.0.1:${secure}`;
  return { 'http/1.1': `http://127.0.0.1:${plain}`, 'https/1.1': overTls, h2: overTls };
}

export interface NotServed {
  readonly because: string;
}

/** How long a server may take to answer a single request before the run is given up. */
export const ANSWER_TIMEOUT_MS = 5_000;

/** Asks once, over the wire that is to be measured. */
export function ask(
  base: string,
  path: string,
  wire: Wire,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(base + path, {
    headers,
    protocol: wire === 'h2' ? 'http2' : 'http1.1',
    tls: { rejectUnauthorized: false }, // The certificate is our own, made for this run.
    decompress: false,
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
}

/** What is asked for to see whether a server is up. */
export function firstPath({ bodies }: Stage): string {
  return bodies[0]?.path ?? '/';
}
