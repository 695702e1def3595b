/**
 * A client's request as another worker of this node tells of it: what a look-up in memory and the access log need.
 */
import type { Exchange } from '../exchange.ts';
import type { Question } from '../ring/frames/message.ts';

export class NeighbourExchange implements Exchange {
  readonly headers: Headers;
  readonly method = 'GET';
  readonly base: string;
  readonly target: string;
  readonly path: string;
  readonly id: string;
  readonly nowMs: number;
  readonly startedMs: number;
  readonly tier = null;
  readonly relayed = true;
  readonly memoryOnly = true;
  private readonly address: string;

  constructor({ target, base, client, id, headers }: Question, nowMs: number, startedMs: number) {
    this.headers = headers;
    this.base = base;
    this.target = target;
    this.id = id;
    this.nowMs = nowMs;
    this.startedMs = startedMs;
    this.address = client;
    const question = target.indexOf('?');
    this.path = question === -1 ? target : target.slice(0, question);
  }

  get query(): string {
    return this.target.slice(this.path.length);
  }

  get authority(): string {
    return this.base.slice(this.base.indexOf('//') + 2);
  }

  /** For those who want more than memory has, which nobody does here. */
  get request(): Request {
    return new Request(this.base + this.target, { headers: this.headers });
  }

  client(): string {
    return this.address;
  }

  body(): null {
    return null;
  }
}
