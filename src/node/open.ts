/**
 * First phase: the request as an exchange, parsed once. On the way of every hit.
 */
import type { Exchange, TierCaller } from '../exchange.ts';
import { clientFrom, type TrustedProxies } from '../http/forwarded.ts';
import { validAuthority } from '../http/host.ts';
import type { Listener } from '../http/listener.ts';
import type { Node } from './node.ts';

/** A process numbers its requests behind a prefix that no other process is likely to have. */
const idPrefix = `${crypto.randomUUID().slice(0, 8)}-`;
let opened = 0;

class OpenExchange implements Exchange {
  readonly request: Request;
  readonly headers: Headers;
  readonly method: string;
  authority: string;
  base: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  /** Replaced by the PoP's when a tier asks. */
  id: string;
  readonly nowMs: number;
  readonly startedMs: number;
  /** Set by the phase that verifies it. */
  tier: TierCaller | null = null;
  readonly #listener: Listener;
  #client: string | null = null;

  constructor(request: Request, listener: Listener, nowMs: number, startedMs: number) {
    const { headers, url } = request;
    this.request = request;
    this.headers = headers;
    this.method = request.method;
    this.nowMs = nowMs;
    this.startedMs = startedMs;
    this.#listener = listener;

    // Without a usable Host the URL is a bare path; HTTP/1.0 clients may do without (RFC 9112 §3.2).
    const bare = url.charCodeAt(0) === 47;
    const start = bare ? 0 : url.indexOf('/', 8);
    this.base = bare ? listener.url : url.slice(0, start);
    this.authority = bare ? listener.url.slice(listener.url.indexOf('//') + 2) : (headers.get('host') ?? '');
    const question = url.indexOf('?', start);
    this.target = start === 0 ? url : url.slice(start);
    this.path = question === -1 ? this.target : url.slice(start, question);
    this.query = question === -1 ? '' : url.slice(question);
    this.id = `${idPrefix}${(opened++).toString(36)}`;
  }

  client(): string {
    this.#client ??= this.#listener.clientAddress(this.request);
    return this.#client;
  }

  /** Takes the word of the proxies in front about who asks, and by which address. */
  // off the hit path: only nodes behind configured proxies
  believe(proxies: TrustedProxies): void {
    const { address, proto, host } = clientFrom(this.headers, this.client(), proxies);
    this.#client = address;
    if (host !== undefined && validAuthority(host)) this.authority = host;
    if (proto === 'http' || proto === 'https') this.base = `${proto}://${this.authority}`;
    else this.base = `${this.base.slice(0, this.base.indexOf('://'))}://${this.authority}`;
  }

  body(): ReadableStream<Uint8Array> | null {
    return this.#listener.body(this.request);
  }
}

export type { OpenExchange };

export function open(request: Request, listener: Listener, node: Node): OpenExchange {
  const exchange = new OpenExchange(request, listener, node.clock.now(), node.clock.elapsed());
  const { trustedProxies } = node.site;
  if (trustedProxies !== null) exchange.believe(trustedProxies);
  return exchange;
}
