/**
 * Which traces are kept. That is decided at the end of a request, when it is known what it came to (tail sampling): one that
 * failed or was slow is kept, and one that was asked to be; all others are forgotten soon. See docs/telemetry.md for how the
 * tiers come to the same decision.
 */
import type { Clock } from '../../clock.ts';
import type { Exchange, Trace } from '../../exchange.ts';
import { parseTraceparent, type RandomBytes } from '../../http/trace-context.ts';
import type { Layer } from '../../messages/report.ts';
import type { Outcome } from '../../outcome.ts';
import type { Exemplar } from '../metrics/snapshot.ts';
import { allowance } from './allowance.ts';
import { recent } from './recent.ts';
import { type Beginning, knownMethod, RequestTrace, withoutQuery } from './request-trace.ts';
import type { Attributes, Span } from './span.ts';

/** Why a trace is kept: the row of the metric, and an attribute of the span. */
export type Reason = 'failed' | 'slow' | 'sampled' | 'told';

export interface TraceSettings {
  /** A request that took longer is kept, in ms, by what it was answered from. */
  readonly slowMs: Readonly<Record<Layer, number>>;
  /** One of so many is kept, whatever it comes to; 0: none. */
  readonly oneIn: number;
  /** Of clients that mark their requests as sampled, so many a minute are believed. */
  readonly clientsPerMinute: number;
  /** Of those that failed or were slow, so many a second are kept. */
  readonly keptPerS: number;
  /** What is not kept can be asked for by another node for so long. */
  readonly heldMs: number;
}

export interface TracingOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** `null`: nothing is recorded, and requests have identifiers alone. */
  readonly settings: TraceSettings | null;
  /** Of every span of this node. */
  readonly about: Attributes;
  readonly counts: TraceCounts;
  /** Takes spans that are to be kept. */
  readonly keep: (spans: readonly Span[]) => void;
  /** Takes note of an example for a histogram. */
  readonly exemplify: (route: string, layer: Layer, exemplar: Exemplar) => void;
  /** Another node that had a part in a trace has to know that it is kept. */
  readonly tell: (node: string, traceId: string) => void;
}

/** Traces, since the node was started. */
export interface TraceCounts {
  readonly kept: Record<Reason, number>;
  /** Worth keeping, but beyond `keptPerS`. */
  dropped: number;
}

/** What a request came to. */
export interface End {
  readonly route: string;
  readonly kind: string;
  /** `null`: another member of the ring knows, and has counted it. */
  readonly layer: Layer | null;
  readonly outcome: Outcome;
  readonly status: number;
  readonly durationMs: number;
}

export interface Tracing {
  /** Without it there are no spans, only identifiers. */
  readonly records: boolean;
  /** From then on a request is slow, in ms. */
  readonly slowMs: Readonly<Record<Layer, number>>;
  /** Off the way of a hit. */
  begin(exchange: Exchange): Trace;
  /** A request has been answered that may be worth keeping; one without a trace is, by its duration, status or mark. */
  ended(exchange: Exchange, end: End): void;
  /** Another node, which had asked, keeps these. */
  keep(traceIds: readonly string[]): void;
}

/** Traces that are held, of one generation; each is a few objects. */
const mostHeld = 2048;
/** Requests of one trace at one node. */
const mostOfOneTrace = 32;

export function openTracing(options: TracingOptions): Tracing {
  const { settings, counts } = options;
  if (settings === null) return { ...off, begin: (exchange) => begun(exchange, false, options) };
  const { clock, random } = options;
  const held = recent<RequestTrace[]>(settings.heldMs, mostHeld, clock);
  const told = recent<{ left: number }>(settings.heldMs, mostHeld, clock);
  const mayKeep = allowance(settings.keptPerS, 1000, clock);
  const believesClient = allowance(settings.clientsPerMinute, 60_000, clock);

  function isMarked(exchange: Exchange): boolean {
    const given = parseTraceparent(exchange.headers.get('traceparent'));
    if (given?.sampled === true) return isOfNode(exchange) || believesClient();
    return !isOfNode(exchange) && isChosen(settings?.oneIn ?? 0, random);
  }

  function reasonFor(trace: RequestTrace, { status, outcome, layer, durationMs }: End): Reason | null {
    const isFailed = status >= 500 || outcome === 'stale-on-error';
    const slowMs = settings?.slowMs[layer ?? 'remote'] ?? Infinity;
    const reason = isFailed ? 'failed' : durationMs >= slowMs ? 'slow' : null;
    if (trace.sampled) return reason ?? 'sampled';
    if (trace.isWanted || isTold(trace.traceId)) return reason ?? 'told';
    if (reason === null || mayKeep()) return reason;
    counts.dropped++;
    return null;
  }

  /** Clients choose identifiers: whoever asks again and again under one that is kept does not fill the collector with it. */
  function isTold(traceId: string): boolean {
    const about = told.get(traceId);
    if (about === undefined || about.left === 0) return false;
    about.left--;
    return true;
  }

  function keep(trace: RequestTrace, reason: Reason): void {
    if (trace.fate !== 'open' || trace.own === null) return;
    trace.fate = 'kept';
    counts.kept[reason]++;
    options.keep(trace.spans().map((span) => withReason(span, reason, options.about)));
    trace.late = (span) => options.keep([withReason(span, reason, options.about)]);
    trace.exemplify?.(trace.traceId);
    for (const node of trace.asked) options.tell(node, trace.traceId);
    for (const leader of trace.leaders) keepAtLast(leader);
  }

  /** Spans of other requests that lead there would lead nowhere. */
  function keepAtLast(leader: RequestTrace): void {
    if (leader.own === null) leader.isWanted = true;
    else keep(leader, 'told');
  }

  function hold(trace: RequestTrace): void {
    const others = held.get(trace.traceId);
    if (others === undefined) held.set(trace.traceId, [trace]);
    else if (others.length < mostOfOneTrace) others.push(trace);
    else trace.fate = 'gone';
    // A question that goes on without a request, and fails, is what one would like to see.
    trace.late = (span) => {
      if (!span.isError || !mayKeep()) return;
      keep(trace, 'failed');
      trace.late?.(span);
    };
  }

  return {
    records: true,
    slowMs: settings.slowMs,
    begin: (exchange) => begun(exchange, isMarked(exchange), options),

    ended(exchange, end) {
      // What memory has answered is of interest only if it is to be kept.
      const { trace = firstLook(exchange, end) } = exchange;
      if (!(trace instanceof RequestTrace) || trace.own !== null) return;
      trace.own = ownSpan(exchange, end);
      const { route, layer, durationMs } = end;
      const example = { value: durationMs / 1000, atMs: exchange.nowMs + durationMs };
      if (layer !== null)
        trace.exemplify = (traceId) => options.exemplify(route, layer, { traceId, ...example });
      const reason = reasonFor(trace, end);
      if (reason === null) hold(trace);
      else keep(trace, reason);
    },

    keep(traceIds) {
      for (const traceId of traceIds) {
        if (told.get(traceId) === undefined) told.set(traceId, { left: mostOfOneTrace });
        for (const trace of held.get(traceId) ?? [])
          if (trace.fate === 'open' && isTold(traceId)) keep(trace, 'told');
      }
    },
  };

  function firstLook(exchange: Exchange, { status, durationMs, layer }: End): Trace | undefined {
    const isNotable = status >= 500 || durationMs >= (settings?.slowMs[layer ?? 'remote'] ?? Infinity);
    const given = parseTraceparent(exchange.headers.get('traceparent'));
    const isSampled = given?.sampled === true && (isOfNode(exchange) || believesClient());
    if (!isNotable && !isSampled) return undefined;
    exchange.trace = begun(exchange, isSampled, options);
    return exchange.trace;
  }
}

const never: Readonly<Record<Layer, number>> = {
  ...{ memory: Infinity, disk: Infinity, stale: Infinity, sibling: Infinity },
  ...{ shield: Infinity, origin: Infinity, remote: Infinity, node: Infinity },
};

const off = { records: false, slowMs: never, ended: () => undefined, keep: () => undefined };

/** Another node, or another member of the ring: what it says of a trace is decided already. */
function isOfNode({ tier, relayed }: Exchange): boolean {
  return tier !== null || relayed === true;
}

function isChosen(oneIn: number, random: RandomBytes): boolean {
  if (oneIn === 0) return false;
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % oneIn === 0;
}

/** W3C Trace Context §4.3: a `tracestate` is handed on, but not without a valid `traceparent`, and not beyond this length. */
const mostStateLength = 512;

function begun(exchange: Exchange, sampled: boolean, { settings, clock, random }: TracingOptions): Trace {
  const given = parseTraceparent(exchange.headers.get('traceparent'));
  const state = given ? exchange.headers.get('tracestate') : null;
  const beginning: Beginning = {
    ...{ given, sampled, records: settings !== null },
    state: state !== null && state.length <= mostStateLength ? state : null,
  };
  return new RequestTrace(exchange, beginning, clock, random);
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server */
function ownSpan(exchange: Exchange, end: End): NonNullable<RequestTrace['own']> {
  const { method, path, base, id, nowMs } = exchange;
  const { route, kind, layer, outcome, status, durationMs } = end;
  const isError = status >= 500;
  return () => ({
    name: route === '' ? knownMethod(method) : `${knownMethod(method)} ${route}`,
    endMs: nowMs + durationMs,
    isError,
    attributes: {
      'http.request.method': knownMethod(method),
      'http.response.status_code': status,
      'url.path': withoutQuery(path),
      'url.scheme': base.startsWith('https') ? 'https' : 'http',
      ...(route !== '' && { 'http.route': route }),
      ...(kind !== '' && { 'meridian.kind': kind }),
      ...(layer !== null && { 'meridian.layer': layer }),
      ...(isError && { 'error.type': String(status) }),
      'meridian.outcome': outcome,
      'meridian.request_id': id,
    },
  });
}

function withReason(span: Span, reason: Reason, about: Attributes): Span {
  if (span.kind !== 'server') return { ...span, attributes: { ...span.attributes, ...about } };
  return { ...span, attributes: { ...span.attributes, ...about, 'meridian.kept': reason } };
}
