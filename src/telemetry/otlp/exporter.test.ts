import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Span } from '../tracing/span.ts';
import type { Collector, Signal, Told } from './collector.ts';
import { noExports, openExporter } from './exporter.ts';

const taken: Told = { as: 'taken', refused: 0, why: '' };

function span(name: string): Span {
  return {
    ...{
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentSpanId: null,
      traceState: null,
      sampled: false,
    },
    ...{ kind: 'server', name, startMs: 0, endMs: 1, attributes: {}, links: [], isError: false },
  };
}

const spans = (count: number) => Array.from({ length: count }, (_, at) => span(`span ${at}`));

/** All that goes on without the clock. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function world(answer: (signal: Signal, stop: AbortSignal) => Told | Promise<Told>, queueSpans = 1000) {
  const clock = virtualClock();
  const counts = noExports();
  const said: string[] = [];
  const messages: { signal: Signal; text: string }[] = [];
  const collector: Collector = {
    async tell(signal, message, stop) {
      messages.push({ signal, text: JSON.stringify(message) });
      return answer(signal, stop);
    },
  };
  const exporter = openExporter({
    ...{ collector, clock, counts, queueSpans },
    warn: (message, { why }) => said.push(`${message}: ${why}`),
    info: (message) => said.push(message),
    resource: { attributes: [] },
    scope: { name: 'meridian', version: '1' },
    metricsMs: 60_000,
    read: () => ({ 'meridian.errors': [{ labels: [], value: 7 }] }),
    startedMs: clock.now(),
  });
  const lengths = () =>
    messages
      .filter(({ signal }) => signal === 'traces')
      .map(({ text }) => text.split('"name":"span').length - 1);
  return { clock, counts, said, messages, exporter, lengths };
}

describe('spans', () => {
  test('go in batches, after a moment or when there are many', async () => {
    const { clock, exporter, lengths, counts } = world(() => taken);
    exporter.add(spans(3));
    exporter.add(spans(2));
    await settled();
    expect(lengths()).toEqual([]);
    clock.advance(1000);
    await settled();
    expect(lengths()).toEqual([5]);
    exporter.add(spans(600));
    await settled();
    expect(lengths()).toEqual([5, 512, 88]);
    expect(counts.sent.traces).toBe(605);
  });

  test('wait in a queue that is bounded while the collector takes its time, and then are dropped and counted', async () => {
    const { promise, resolve } = Promise.withResolvers<Told>();
    const { clock, exporter, counts, lengths } = world(() => promise, 100);
    exporter.add(spans(10));
    clock.advance(1000);
    for (let round = 0; round < 30; round++) exporter.add(spans(10));
    expect(counts.dropped.traces.queue).toBe(200);
    resolve(taken);
    await settled();
    expect(lengths()).toEqual([10, 100]);
  });

  test('are tried again, later each time, and given up in the end', async () => {
    const { clock, exporter, lengths, counts, said } = world(() => ({
      as: 'later',
      why: 'down',
      afterMs: null,
    }));
    exporter.add(spans(4));
    const tries = async (afterMs: number) => {
      clock.advance(afterMs);
      await settled();
      return lengths().length;
    };
    expect(await tries(1000)).toBe(1);
    expect(await tries(999)).toBe(1);
    expect(await tries(1)).toBe(2);
    expect(await tries(2000)).toBe(3);
    expect(await tries(4000)).toBe(4);
    expect(await tries(8000)).toBe(5);
    expect(await tries(16_000)).toBe(6);
    expect(await tries(60_000)).toBe(6);
    expect(counts.dropped.traces.unreachable).toBe(4);
    expect(said).toEqual(['the collector does not take telemetry: down']);
  });

  test('are tried again no sooner than the collector asks for', async () => {
    const answers: Told[] = [{ as: 'later', why: '429', afterMs: 30_000 }];
    const { clock, exporter, lengths, counts, said } = world(() => answers.shift() ?? taken);
    exporter.add(spans(1));
    clock.advance(1000);
    await settled();
    clock.advance(29_999);
    await settled();
    expect(lengths()).toHaveLength(1);
    clock.advance(1);
    await settled();
    expect([lengths().length, counts.sent.traces]).toEqual([2, 1]);
    expect(said).toEqual([
      'the collector does not take telemetry: 429',
      'the collector takes telemetry again',
    ]);
  });

  test('are not tried again when they are refused, as a whole or in part', async () => {
    const answers: Told[] = [
      { as: 'refused', why: '400' },
      { as: 'taken', refused: 3, why: 'too old' },
    ];
    const { clock, exporter, counts, said } = world(() => answers.shift() ?? taken);
    exporter.add(spans(5));
    clock.advance(1000);
    await settled();
    exporter.add(spans(5));
    clock.advance(1000);
    await settled();
    expect(counts.dropped.traces.refused).toBe(8);
    expect(counts.sent.traces).toBe(2);
    expect(said.at(-1)).toBe('the collector has refused some of the telemetry: too old');
  });
});

describe('a node that stops', () => {
  test('sends what it has, and the metrics as they are at the end', async () => {
    const { exporter, messages, counts } = world(() => taken);
    exporter.add(spans(2));
    await exporter.close(3000);
    expect(messages.map(({ signal }) => signal).toSorted()).toEqual(['metrics', 'traces']);
    expect(counts.sent).toEqual({ traces: 2, metrics: 1 });
    exporter.add(spans(1));
    expect(counts.dropped.traces.stopped).toBe(1);
  });

  test('does not wait for one that does not answer', async () => {
    const never = (_: Signal, stop: AbortSignal) =>
      new Promise<Told>((resolve) => {
        const off = () => resolve({ as: 'later', why: 'stopped', afterMs: null });
        if (stop.aborted) off();
        else stop.addEventListener('abort', off);
      });
    const { clock, exporter, counts } = world(never);
    exporter.add(spans(700));
    const closed = exporter.close(3000);
    await settled();
    clock.advance(3000);
    await closed;
    expect(counts.dropped.traces.stopped).toBe(700);
  });

  test('does not wait for its next try either', async () => {
    const { clock, exporter, counts } = world(() => ({ as: 'later', why: 'down', afterMs: 50_000 }));
    exporter.add(spans(5));
    clock.advance(1000);
    await settled();
    await exporter.close(3000);
    expect(counts.dropped.traces.stopped).toBe(5);
  });
});

test('metrics are pushed every so often, and once at a time', async () => {
  const { clock, messages, counts } = world((signal) =>
    signal === 'metrics' ? { as: 'later', why: 'down', afterMs: null } : taken,
  );
  clock.advance(60_000);
  await settled();
  clock.advance(60_000);
  await settled();
  expect(messages.map(({ signal }) => signal)).toEqual(['metrics', 'metrics']);
  expect(messages[0]?.text).toContain('"name":"meridian.errors"');
  expect(counts.dropped.metrics.unreachable).toBe(2);
});
