/**
 * A client's request as another worker of this node tells of it. That one has admitted it, so a `Request` is made only for those
 * who want more than memory has.
 */
import type { Exchange, Trace } from '../exchange.ts';
import type { Asker } from '../ring/frames/door.ts';
import type { Question } from '../ring/frames/message.ts';

export class NeighbourExchange implements Exchange {
  readonly headers: Headers;
  readonly method: string;
  readonly base: string;
  readonly target: string;
  readonly path: string;
  readonly id: string;
  readonly nowMs: number;
  readonly startedMs: number;
  readonly tier = null;
  readonly relayed = true;
  trace: Trace | undefined = undefined;
  readonly memoryOnly: boolean;
  private readonly address: string;
  private readonly asker: Asker;
  private made: Request | null = null;

  constructor(question: Question, asker: Asker, nowMs: number, startedMs: number) {
    const { method, target, base, client, id, headers, memoryOnly } = question;
    this.method = method;
    this.memoryOnly = memoryOnly;
    this.asker = asker;
    this.headers = headers;
    this.base = base;
    this.target = target;
    this.id = id;
    this.nowMs = nowMs;
    this.startedMs = startedMs;
    this.address = client;
    const query = target.indexOf('?');
    this.path = query === -1 ? target : target.slice(0, query);
  }

  get query(): string {
    return this.target.slice(this.path.length);
  }

  get authority(): string {
    return this.base.slice(this.base.indexOf('//') + 2);
  }

  get request(): Request {
    const { method, headers } = this;
    this.made ??= new Request(this.base + this.target, { method, headers, signal: this.asker.signal() });
    return this.made;
  }

  client(): string {
    return this.address;
  }

  inform(status: number, headers: Headers): void {
    this.asker.inform(status, headers);
  }

  body(): null {
    return null;
  }
}
