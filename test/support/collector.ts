/**
 * An OpenTelemetry collector for tests, which takes OTLP over HTTP as the protocol has it and nothing else: a field that the
 * protocol does not know is a failure. It answers as it is told to.
 */
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
/** 64 bits: the JSON encoding has them as text. */
const fixed64 = z.string().regex(/^\d+$/);
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: fixed64 }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .transform(
    (pairs): Record<string, unknown> =>
      Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])),
  );
const resource = z.strictObject({ attributes });
const scope = z.strictObject({ name: z.string(), version: z.string() });

const span = z.strictObject({
  traceId: hex(32),
  spanId: hex(16),
  traceState: z.string().optional(),
  parentSpanId: hex(16).optional(),
  flags: z.number().int(),
  name: z.string().min(1),
  kind: z.number().int().min(1).max(5),
  startTimeUnixNano: fixed64,
  endTimeUnixNano: fixed64,
  attributes,
  links: z.array(z.strictObject({ traceId: hex(32), spanId: hex(16) })).default([]),
  status: z.strictObject({ code: z.number().int().min(0).max(2) }).optional(),
});

const tracesRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({ resource, scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span) })) }),
  ),
});

const point = { attributes, startTimeUnixNano: fixed64, timeUnixNano: fixed64 };
const numberPoint = z.strictObject({ ...point, asDouble: z.number() });
const exemplar = z.strictObject({ timeUnixNano: fixed64, asDouble: z.number(), traceId: hex(32) });
const histogramPoint = z.strictObject({
  ...point,
  count: fixed64,
  sum: z.number(),
  bucketCounts: z.array(fixed64),
  explicitBounds: z.array(z.number()),
  exemplars: z.array(exemplar).default([]),
});
const head = { name: z.string(), description: z.string(), unit: z.string() };
const cumulative = z.literal(2);
const metric = z.union([
  z.strictObject({ ...head, gauge: z.strictObject({ dataPoints: z.array(numberPoint) }) }),
  z.strictObject({
    ...head,
    sum: z.strictObject({
      dataPoints: z.array(numberPoint),
      aggregationTemporality: cumulative,
      isMonotonic: z.literal(true),
    }),
  }),
  z.strictObject({
    ...head,
    histogram: z.strictObject({ dataPoints: z.array(histogramPoint), aggregationTemporality: cumulative }),
  }),
]);
const metricsRequest = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({ resource, scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metric) })) }),
  ),
});

export type SeenMetric = z.output<typeof metric>;

export interface SeenSpan extends z.output<typeof span> {
  /** `service.instance.id` of the resource that it came with. */
  readonly from: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface CollectorAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface TestCollector extends AsyncDisposable {
  readonly url: string;
  /** All that was taken, oldest first. */
  spans(): readonly SeenSpan[];
  /** The newest push of a node. */
  metrics(from: string): readonly SeenMetric[];
  /** How many messages came, taken or not, and what was wrong with any of them. */
  readonly requests: readonly { readonly path: string; readonly headers: Headers }[];
  readonly faults: readonly string[];
  /** What it answers from now on; `null`: it takes everything. */
  answer(given: CollectorAnswer | null): void;
}

/** @param port the system's choice unless said. */
export function startCollector(port = 0): TestCollector {
  const spans: SeenSpan[] = [];
  const metrics = new Map<string, readonly SeenMetric[]>();
  const requests: { path: string; headers: Headers }[] = [];
  const faults: string[] = [];
  let given: CollectorAnswer | null = null;

  function take(path: string, message: unknown): void {
    if (path === '/v1/traces') {
      for (const { resource: by, scopeSpans } of tracesRequest.parse(message).resourceSpans) {
        const from = String(by.attributes['service.instance.id']);
        for (const one of scopeSpans.flatMap((scoped) => scoped.spans))
          spans.push({ ...one, from, resource: by.attributes });
      }
      return;
    }
    for (const { resource: by, scopeMetrics } of metricsRequest.parse(message).resourceMetrics)
      metrics.set(
        String(by.attributes['service.instance.id']),
        scopeMetrics.flatMap((scoped) => scoped.metrics),
      );
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      requests.push({ path, headers: request.headers });
      if (given !== null) {
        const { status, headers, body = '' } = given;
        return new Response(body, { status, ...(headers && { headers }) });
      }
      try {
        if (request.headers.get('content-type') !== 'application/json') throw new Error('not JSON');
        if (request.headers.get('content-encoding') !== 'gzip') throw new Error('not compressed');
        take(path, JSON.parse(gunzipSync(await request.arrayBuffer()).toString()));
        return Response.json({ partialSuccess: {} });
      } catch (error) {
        faults.push(String(error));
        return new Response(String(error), { status: 400 });
      }
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    spans: () => spans,
    metrics: (from) => metrics.get(from) ?? [],
    requests,
    faults,
    answer(next) {
      given = next;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
