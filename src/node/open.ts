/**
 * First phase: the request as an exchange. On the way of every hit, so what not every request needs is worked
 * out only when somebody asks for it.
 */
import type { Exchange, TierCaller, Trace } from '../exchange.ts';
import { Envelope } from '../http/envelope.ts';
import { clientFrom, type TrustedProxies } from '../http/forwarded.ts';
import { validAuthority } from '../http/host.ts';
import type { Listener } from '../http/listener.ts';
import type { Hop } from '../ring/hop.ts';
import type { Node } from './node.ts';

/** A process numbers its requests behind a prefix that no other process is likely to have. */
const idPrefix = `${crypto.randomUUID().slice(0, 8)}-`;
let opened = 0;

const slash = 0x2f;

export class OpenExchange implements Exchange {
  readonly request: Request;
  readonly headers: Headers;
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly nowMs: number;
  readonly startedMs: number;
  /** Set by the phase that verifies it. */
  tier: TierCaller | null = null;
  relayed = false;
  memoryOnly = false;
  trace: Trace | undefined = undefined;
  /** Of this node; a tier's request has the PoP's instead. */
  private ownId = '';
  private givenBase: string | null = null;
  private clientAddress: string | null = null;
  private envelope: Envelope | null = null;
  private readonly listener: Listener;
  private readonly url: string;
  /** Where the target begins in the URL; 0 without a usable `Host`, when the URL is the bare target. */
  private readonly start: number;

  constructor(request: Request, listener: Listener, nowMs: number, startedMs: number) {
    const { url } = request;
    this.request = request;
    this.headers = request.headers;
    this.method = request.method;
    this.nowMs = nowMs;
    this.startedMs = startedMs;
    this.listener = listener;
    this.url = url;
    // HTTP/1.0 clients may do without a Host (RFC 9112 §3.2).
    const start = url.charCodeAt(0) === slash ? 0 : url.indexOf('/', 8);
    this.start = start;
    this.target = start === 0 ? url : url.slice(start);
    const question = url.indexOf('?', start);
    this.path = question === -1 ? this.target : url.slice(start, question);
  }

  get query(): string {
    return this.target.slice(this.path.length);
  }

  get base(): string {
    return this.givenBase ?? (this.start === 0 ? this.listener.url : this.url.slice(0, this.start));
  }

  get authority(): string {
    const { base } = this;
    return base.slice(base.indexOf('//') + 2);
  }

  get id(): string {
    if (this.ownId === '') this.ownId = idPrefix + (opened++).toString(36);
    return this.ownId;
  }

  /** Goes by the id that another tier has given the request. */
  rename(id: string): void {
    this.ownId = id;
  }

  client(): string {
    this.clientAddress ??= this.listener.clientAddress(this.request);
    return this.clientAddress;
  }

  inform(status: number, headers: Headers): void {
    if (this.envelope === null) this.listener.inform(this.request, status, headers);
    else this.envelope.inform(status, headers);
  }

  /** Another node's request: what has to be said before the answer goes into an envelope with it. */
  // off the hit path: the request waits for a disk or another machine
  enveloped(answer: Promise<Response>): Promise<Response> {
    if (this.method === 'HEAD') return answer; // which has no content to put it into
    this.envelope = new Envelope();
    return this.envelope.around(answer);
  }

  /** Takes the word of another worker of this node about the client, and makes the request what it was. */
  // off the hit path: handed over by another worker
  take({ id, client, base, added, memoryOnly = false }: Hop): void {
    this.relayed = true;
    this.memoryOnly = memoryOnly;
    this.ownId = id;
    this.clientAddress = client;
    this.givenBase = base;
    for (const name of added) this.headers.delete(name);
  }

  body(atMost?: number): ReadableStream<Uint8Array> | null {
    return this.listener.body(this.request, atMost);
  }

  /** Takes the word of the proxies in front about who asks, and by which address. */
  // off the hit path: only nodes behind configured proxies
  believe(proxies: TrustedProxies): void {
    const { address, proto, host } = clientFrom(this.headers, this.client(), proxies);
    this.clientAddress = address;
    const authority = host !== undefined && validAuthority(host) ? host : this.authority;
    const scheme = proto ?? this.base.slice(0, this.base.indexOf('://'));
    this.givenBase = `${scheme}://${authority}`;
  }
}

export function open(request: Request, listener: Listener, node: Node): OpenExchange {
  const exchange = new OpenExchange(request, listener, node.clock.now(), node.clock.elapsed());
  const { trustedProxies } = node.site;
  if (trustedProxies !== null) exchange.believe(trustedProxies);
  return exchange;
}
