/**
 * What is sent, held against OpenTelemetry's own encoder; and the answers of collectors.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { startCollector, type TestCollector } from '../../../test/support/collector.ts';
import { freePort } from '../../../test/support/ports.ts';
import { systemClock } from '../../clock.ts';
import { bucketBounds } from '../metrics/buckets.ts';
import { registry } from '../metrics/registry.ts';
import type { Span } from '../tracing/span.ts';
import { collector } from './collector.ts';
import { metricsMessage } from './metrics.ts';
import { tracesMessage } from './traces.ts';
import { keyValues } from './values.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const resource = { attributes: keyValues({ 'service.name': 'meridian', 'process.pid': 7 }) };
const scope = { name: 'meridian', version: '1.2.3' };
const startMs = Date.UTC(2026, 0, 1) + 0.25;

/** As `Resource` and `InstrumentationScope` of the SDK are. */
const sdkResource = { attributes: { 'service.name': 'meridian', 'process.pid': 7 } };
const hrTime = (ms: number): [number, number] => [
  Math.floor(ms / 1000),
  Math.round((ms % 1000) * 1000) * 1000,
];

/** JSON may have 64-bit integers as numbers or as text, and says nothing of what is empty. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, of]) => [name, plain(of)] as const);
  return Object.fromEntries(
    fields.filter(([name, of]) => !name.startsWith('dropped') && !Bun.deepEquals(of, [])),
  );
}

type Encoded<Serializer extends { serializeRequest(given: never): unknown }> = Parameters<
  Serializer['serializeRequest']
>[0];

function encoded(bytes: Uint8Array | undefined): unknown {
  return plain(JSON.parse(new TextDecoder().decode(bytes)));
}

test('spans are written as OpenTelemetry’s own encoder writes them', () => {
  const span: Span = {
    ...{ traceId, spanId: '00f067aa0ba902b7', parentSpanId: '00f067aa0ba902b8', traceState: null },
    ...{ sampled: true, kind: 'server', name: 'GET docs', startMs, endMs: startMs + 12.5, isError: true },
    attributes: { 'http.route': 'docs', 'http.response.status_code': 502, share: 0.5, deep: true },
    links: [{ traceId, spanId: '00f067aa0ba902b9' }],
  };
  const context = (spanId: string) => ({ traceId, spanId, traceFlags: 1 });
  const official = JsonTraceSerializer.serializeRequest([
    {
      ...{ name: span.name, kind: 1, attributes: span.attributes, resource: sdkResource },
      spanContext: () => context(span.spanId),
      parentSpanContext: { ...context('00f067aa0ba902b8'), isRemote: true },
      ...{ startTime: hrTime(span.startMs), endTime: hrTime(span.endMs), status: { code: 2 } },
      links: [{ context: context('00f067aa0ba902b9') }],
      ...{ events: [], ended: true, duration: [0, 0], instrumentationScope: scope },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    },
  ] as unknown as Encoded<typeof JsonTraceSerializer>);
  const own = plain(JSON.parse(JSON.stringify(tracesMessage([span], resource, scope))));
  expect(encoded(official)).toMatchObject(own as object);
});

test('metrics are written as OpenTelemetry’s own encoder writes them', () => {
  const counted = registry();
  counted.counter('meridian.requests', 'docs', 'hit', '200').value = 3;
  counted.observe('meridian.cache.fills', () => [{ labels: [], value: 2 }]);
  const delays = counted.histogram('meridian.event_loop.delay');
  for (const value of [0.001, 0.0015, 70]) delays.record(value);
  const endMs = startMs + 60_000;
  const message = metricsMessage(counted.read(), { startMs, endMs }, resource, scope);
  const own = plain(JSON.parse(JSON.stringify(message)));

  const period = { startTime: hrTime(startMs), endTime: hrTime(endMs) };
  const of = (name: string, unit: string) => ({ descriptor: { name, unit, description: '', valueType: 1 } });
  const point = (value: unknown, attributes = {}) => ({ ...period, attributes, value });
  const buckets = { boundaries: [...bucketBounds], counts: [...delays.counts] };
  const official = encoded(
    JsonMetricsSerializer.serializeRequest({
      resource: sdkResource,
      scopeMetrics: [
        {
          scope,
          metrics: [
            {
              ...{ ...of('meridian.requests', '{request}'), dataPointType: 3, aggregationTemporality: 1 },
              isMonotonic: true,
              dataPoints: [point(3, { route: 'docs', outcome: 'hit', status: '200' })],
            },
            { ...of('meridian.cache.fills', '{request}'), dataPointType: 2, dataPoints: [point(2)] },
            {
              ...{ ...of('meridian.event_loop.delay', 's'), dataPointType: 0, aggregationTemporality: 1 },
              dataPoints: [point({ buckets, count: 3, sum: 0.001 + 0.0015 + 70 })],
            },
          ],
        },
      ],
    } as unknown as Encoded<typeof JsonMetricsSerializer>),
  );
  const undescribed = JSON.parse(JSON.stringify(own, (key, value) => (key === 'description' ? '' : value)));
  expect(official).toMatchObject(undescribed);
});

test('a histogram has examples', () => {
  const counted = registry();
  const delays = counted.histogram('meridian.event_loop.delay');
  delays.record(0.5);
  delays.exemplify({ traceId, value: 0.5, atMs: startMs });
  const text = JSON.stringify(metricsMessage(counted.read(), { startMs, endMs: startMs }, resource, scope));
  expect(text).toContain(
    `"exemplars":[{"timeUnixNano":"1767225600000250000","asDouble":0.5,"traceId":"${traceId}"}]`,
  );
});

describe('a collector', () => {
  let there: TestCollector;
  beforeAll(() => {
    there = startCollector();
  });
  afterAll(() => there[Symbol.asyncDispose]());
  const stop = new AbortController();

  function tell(endpoint = there.url) {
    const options = { headers: { authorization: 'Bearer abc' }, timeoutMs: 2000, clock: systemClock };
    return collector({ endpoint, ...options }).tell(
      'traces',
      tracesMessage([], resource, scope),
      stop.signal,
    );
  }

  test('takes what is sent, with the fields that it wants', async () => {
    expect(await tell()).toEqual({ as: 'taken', refused: 0, why: '' });
    expect(there.faults).toEqual([]);
    expect(there.requests.at(-1)?.headers.get('authorization')).toBe('Bearer abc');
  });

  test('may refuse a part of it', async () => {
    const body = '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}';
    there.answer({ status: 200, body });
    expect(await tell()).toEqual({ as: 'taken', refused: 3, why: 'too old' });
    there.answer({ status: 200, body: 'thanks' });
    expect(await tell()).toMatchObject({ as: 'taken', refused: 0 });
  });

  test('may ask for patience, in seconds or until a date', async () => {
    there.answer({ status: 429, headers: { 'retry-after': '17' } });
    expect(await tell()).toEqual({ as: 'later', why: 'it answers 429', afterMs: 17_000 });
    there.answer({ status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } });
    const told = await tell();
    expect(told.as === 'later' && told.afterMs).toBeWithin(50_000, 61_000);
    there.answer({ status: 504 });
    expect(await tell()).toMatchObject({ as: 'later', afterMs: null });
  });

  test('may refuse all of it, or not be there', async () => {
    there.answer({ status: 401 });
    expect(await tell()).toEqual({ as: 'refused', why: 'it answers 401' });
    const port = await freePort();
    expect(await tell(`http://127.0.0.1:${port}`)).toMatchObject({ as: 'later', afterMs: null });
  });
});
