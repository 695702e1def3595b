/**
 * What one request notes at this node for its trace: its own span, and those of the questions that were asked for it. Whether
 * any of it is worth keeping is known when it has been answered (`tracing.ts`).
 */
import type { Clock } from '../../clock.ts';
import type { Asked, AskSpan, Exchange, Trace } from '../../exchange.ts';
import {
  childOf,
  formatTraceparent,
  newSpanId,
  newTrace,
  type RandomBytes,
  type TraceContext,
} from '../../http/trace-context.ts';
import { loggable } from '../loggable.ts';
import type { Attributes, Span, SpanContext } from './span.ts';

/** Of one request at one node; a large object that is fetched in slices may ask more often. */
const mostSpans = 32;
const mostLinks = 8;

/** Where a request's spans go: nobody knows yet, somebody wants them, nobody does. */
export type Fate = 'open' | 'kept' | 'gone';

/** How a request came here. */
export interface Beginning {
  /** Who asked, if he said so. */
  readonly given: TraceContext | undefined;
  readonly state: string | null;
  /** It is kept whatever it comes to. */
  readonly sampled: boolean;
  /** Its spans are noted; else it has identifiers alone. */
  readonly records: boolean;
}

export class RequestTrace implements Trace {
  readonly state: string | null;
  readonly sampled: boolean;
  readonly nowMs: number;
  readonly startedMs: number;
  fate: Fate = 'open';
  /** Whoever was asked keeps it. */
  isWanted = false;
  /** What is known at the end, and makes this node's own span: made for those alone that are kept, as all of them are. */
  own: (() => Pick<Span, 'name' | 'endMs' | 'attributes' | 'isError'>) | null = null;
  /** Where it counts as an example, once it is kept. */
  exemplify: ((traceId: string) => void) | null = null;
  /** Other nodes that had a part in it, and do not know yet whether it is kept. */
  readonly asked = new Set<string>();
  /** Told of spans that end when the request has been answered already. */
  late: ((span: Span) => void) | null = null;
  readonly #given: TraceContext | undefined;
  readonly #records: boolean;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #ended: (() => Span)[] = [];
  readonly #joined: RequestTrace[] = [];
  #lastAsk: SpanContext | null = null;
  #context: TraceContext | null = null;

  constructor({ nowMs, startedMs }: Exchange, begun: Beginning, clock: Clock, random: RandomBytes) {
    const { given, state, sampled, records } = begun;
    this.nowMs = nowMs;
    this.startedMs = startedMs;
    this.state = state;
    this.sampled = sampled;
    this.#given = given;
    this.#records = records;
    this.#clock = clock;
    this.#random = random;
  }

  /** Drawn when somebody wants to know. */
  get context(): TraceContext {
    const { sampled } = this;
    const [given, random] = [this.#given, this.#random];
    this.#context ??= given ? { ...childOf(given, random), sampled } : newTrace(random, sampled);
    return this.#context;
  }

  get traceId(): string {
    return this.context.traceId;
  }

  get isKept(): boolean {
    return this.fate === 'kept';
  }

  ask(whom: Asked): AskSpan {
    if (!this.#records) return this.#unrecorded();
    const spanId = newSpanId(this.#random);
    const traceparent = formatTraceparent({ ...this.context, spanId });
    const startedMs = this.#clock.elapsed();
    this.#lastAsk = { traceId: this.traceId, spanId };
    // It tells by itself, when it is asked with a mark.
    if (!this.sampled && (whom.as === 'parent' || whom.as === 'sibling')) this.asked.add(whom.name);
    const end = (about: Attributes, isError: boolean) =>
      this.#end({
        ...{ spanId, name: `${whom.method} ${whom.name}`, kind: 'client', isError },
        startMs: this.#wallMs(startedMs),
        attributes: () => ({ ...askAttributes(whom), ...about }),
      });
    return {
      traceparent,
      ended: (status, serverTiming, kept) => {
        if (kept) {
          this.isWanted = true;
          this.asked.delete(whom.name);
        }
        const isError = status >= 400;
        end(
          {
            'http.response.status_code': status,
            ...(isError && { 'error.type': String(status) }),
            ...(serverTiming !== null && { 'meridian.server_timing': serverTiming }),
          },
          isError,
        );
      },
      failed: (why) => end({ 'error.type': why }, true),
    };
  }

  joined(other: Trace): void {
    if (other instanceof RequestTrace && other !== this && this.#joined.length < mostLinks)
      this.#joined.push(other);
  }

  took(name: string, startedMs: number, result: string): void {
    if (!this.#records) return;
    this.#end({
      ...{ spanId: newSpanId(this.#random), name, kind: 'internal', isError: false },
      startMs: this.#wallMs(startedMs),
      attributes: () => ({ 'meridian.result': result }),
    });
  }

  /** Those whose answer it got. */
  get leaders(): readonly RequestTrace[] {
    return this.#joined;
  }

  /** All that has ended by now, this node's own span among it; what ends later goes to `late`. */
  spans(): Span[] {
    const ended = this.#ended.map((make) => make());
    if (this.own === null) return ended;
    const { traceId, context } = this;
    return [
      ...ended,
      {
        ...this.own(),
        ...{ traceId, spanId: context.spanId, sampled: this.sampled, traceState: this.state, kind: 'server' },
        parentSpanId: this.#given?.spanId ?? null,
        startMs: this.nowMs,
        links: this.#joined.map((other) => other.#lastAsk ?? other.context),
      },
    ];
  }

  /** Identifiers are drawn for those alone who are told of them: most remotes are not. */
  #unrecorded(): AskSpan {
    const drawn = () => formatTraceparent({ ...this.context, spanId: newSpanId(this.#random) });
    return {
      get traceparent() {
        return drawn();
      },
      ended: nothing,
      failed: nothing,
    };
  }

  /** By the wall clock as it was when the request came. */
  #wallMs(elapsedMs: number): number {
    return this.nowMs + elapsedMs - this.startedMs;
  }

  #end(span: EndedSpan): void {
    const endMs = this.#wallMs(this.#clock.elapsed());
    const whole = (): Span => {
      const { traceId, sampled, state, context } = this;
      return {
        ...span,
        ...{ traceId, sampled, traceState: state, parentSpanId: context.spanId, links: [], endMs },
        attributes: span.attributes(),
      };
    };
    if (this.late !== null) this.late(whole());
    if (this.fate === 'open' && this.#ended.length < mostSpans) this.#ended.push(whole);
  }
}

interface EndedSpan extends Pick<Span, 'spanId' | 'name' | 'kind' | 'startMs' | 'isError'> {
  readonly attributes: () => Attributes;
}

function nothing(): void {}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span */
function askAttributes({ as, name, method, url, background }: Asked): Attributes {
  const authority = url.slice(url.indexOf('//') + 2).split('/', 1)[0] ?? '';
  const [, host = authority, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  return {
    'http.request.method': knownMethod(method),
    'server.address': host,
    ...(port !== undefined && { 'server.port': Number(port) }),
    'url.full': withoutQuery(url),
    'meridian.asked': as,
    'meridian.peer': name,
    ...(background && { 'meridian.background': true }),
  };
}

const methods: ReadonlySet<string> = new Set(
  ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'], // RFC 9110 §9.3, RFC 5789
);

/** Others would be as many names as anybody can make up. */
export function knownMethod(method: string): string {
  return methods.has(method) ? method : '_OTHER';
}

/** Queries hold what is nobody's business; so may paths, as far as we know of that. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return loggable(end === -1 ? url : url.slice(0, end));
}
