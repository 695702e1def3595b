import { describe, expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Exchange } from '../../exchange.ts';
import type { Span } from './span.ts';
import { type End, openTracing, type TraceCounts, type TraceSettings } from './tracing.ts';

const slowMs = {
  ...{ memory: 50, disk: 200, stale: 200, sibling: 500, shield: 500, origin: 1000, remote: 3000, node: 1000 },
};
const standard: TraceSettings = { slowMs, oneIn: 0, clientsPerMinute: 2, keptPerS: 3, heldMs: 10_000 };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const caller = '00f067aa0ba902b7';
const tier = { node: 'pop', route: 'docs', background: false };

function world(settings: TraceSettings | null = standard) {
  const clock = virtualClock();
  const kept: Span[] = [];
  const told: string[] = [];
  const examples: string[] = [];
  const counts: TraceCounts = { kept: { failed: 0, slow: 0, sampled: 0, told: 0 }, dropped: 0 };
  let drawn = 0;
  const tracing = openTracing({
    ...{ clock, settings, counts },
    about: { 'meridian.node': 'pop' },
    random: (length) => Uint8Array.from({ length }, () => (++drawn * 37) % 251),
    keep: (spans) => kept.push(...spans),
    exemplify: (route, layer, { value, traceId: of }) => examples.push(`${route} ${layer} ${value} ${of}`),
    tell: (node, of) => told.push(`${node} ${of}`),
  });

  /** A request, by the traceparent that it came with. */
  function came(traceparent?: string, more: Partial<Pick<Exchange, 'tier' | 'relayed'>> = {}): Exchange {
    const headers = new Headers(traceparent === undefined ? {} : { traceparent });
    return exchange({ headers, nowMs: clock.now(), startedMs: clock.elapsed(), ...more });
  }

  function ended(of: Exchange, end: Partial<End> = {}): void {
    const usual = { route: 'docs', kind: 'page', layer: 'remote', outcome: 'miss', status: 200 } as const;
    tracing.ended(of, { ...usual, durationMs: 10, ...end });
  }

  function missed(
    traceparent?: string,
    end: Partial<End> = {},
    more: Partial<Pick<Exchange, 'tier' | 'relayed'>> = {},
  ): Exchange {
    const one = came(traceparent, more);
    one.trace = tracing.begin(one);
    ended(one, end);
    return one;
  }

  return { clock, kept, told, examples, counts, tracing, came, ended, missed };
}

const marked = `00-${traceId}-${caller}-01`;
const unmarked = `00-${traceId}-${caller}-00`;
const question = {
  as: 'parent',
  name: 'shield',
  method: 'GET',
  url: 'http://s:1/a?b=c',
  background: false,
} as const;

describe('a trace is kept', () => {
  test('of a request that failed, was answered stale instead of failing, or was slow, and of no other', () => {
    const { kept, missed, counts } = world();
    missed();
    missed(undefined, { status: 404 });
    missed(undefined, { durationMs: 2999 });
    expect(kept).toEqual([]);
    missed(undefined, { status: 502 });
    missed(undefined, { outcome: 'stale-on-error', layer: 'stale' });
    missed(undefined, { durationMs: 3000 });
    expect(kept.map(({ attributes }) => attributes['meridian.kept'])).toEqual(['failed', 'failed', 'slow']);
    expect(kept.map(({ isError }) => isError)).toEqual([true, false, false]);
    expect(counts).toEqual({ kept: { failed: 2, slow: 1, sampled: 0, told: 0 }, dropped: 0 });
  });

  test('with its place in the client’s trace, and an example for the histogram', () => {
    const { kept, missed, examples } = world();
    missed(unmarked, { durationMs: 4000 });
    const [span] = kept;
    expect(span).toMatchObject({ traceId, parentSpanId: caller, kind: 'server', name: 'GET docs' });
    expect((span?.endMs ?? 0) - (span?.startMs ?? 0)).toBe(4000);
    expect(examples).toEqual([`docs remote 4 ${traceId}`]);
  });

  test('of what memory has answered only if it was slow or its client has marked it', () => {
    const { kept, came, ended } = world();
    const hit = { layer: 'memory', outcome: 'hit' } as const;
    ended(came(), { ...hit, durationMs: 1 });
    ended(came(unmarked), { ...hit, durationMs: 1 });
    expect(kept).toEqual([]);
    ended(came(), { ...hit, durationMs: 51 });
    ended(came(marked), { ...hit, durationMs: 1 });
    expect(kept.map(({ attributes }) => attributes['meridian.kept'])).toEqual(['slow', 'sampled']);
  });

  test('because its client has marked it, for so many clients in a minute', () => {
    const { kept, missed, clock } = world();
    for (let round = 0; round < 10; round++) missed(marked);
    expect(kept).toHaveLength(2);
    clock.advance(60_000);
    missed(marked);
    expect(kept).toHaveLength(3);
  });

  test('because another node has marked it, always', () => {
    const { kept, missed } = world({ ...standard, clientsPerMinute: 0 });
    for (let round = 0; round < 10; round++) missed(marked, {}, { tier });
    expect(kept).toHaveLength(10);
  });

  test('by chance, which the nodes beyond are told', () => {
    const { missed, kept, tracing, came } = world({ ...standard, oneIn: 1 });
    const one = came();
    one.trace = tracing.begin(one);
    expect(one.trace.ask(question).traceparent).toEndWith('-03');
    missed();
    expect(kept).toHaveLength(1);
  });

  test('up to so many in a second; the rest are counted', () => {
    const { kept, missed, counts, clock } = world();
    for (let round = 0; round < 10; round++) missed(undefined, { status: 500 });
    expect([kept.length, counts.dropped]).toEqual([3, 7]);
    clock.advance(1000);
    missed(undefined, { status: 500 });
    expect(kept).toHaveLength(4);
  });
});

describe('the tiers agree', () => {
  test('upwards: what the parent keeps is kept here', () => {
    const { kept, tracing, came, ended } = world();
    const one = came();
    one.trace = tracing.begin(one);
    one.trace.ask(question).ended(200, 'shield;dur=3', true);
    ended(one);
    expect(one.trace.isKept).toBe(true);
    expect(kept.map(({ kind }) => kind)).toEqual(['client', 'server']);
    expect(kept[0]).toMatchObject({
      parentSpanId: kept[1]?.spanId,
      attributes: { 'url.full': 'http://s:1/a', 'meridian.server_timing': 'shield;dur=3' },
    });
  });

  test('downwards: the parents that were asked are told, but for those that know', () => {
    const { told, tracing, came, ended } = world();
    const one = came(unmarked);
    one.trace = tracing.begin(one);
    one.trace.ask({ ...question, name: 'knows' }).ended(200, null, true);
    one.trace.ask({ ...question, name: 'does-not' }).ended(200, null, false);
    one.trace.ask({ ...question, as: 'remote', name: 'remote.example' }).ended(200, null, false);
    ended(one);
    expect(told).toEqual([`does-not ${traceId}`]);
  });

  test('and whoever is told finds what it has held, for a while', () => {
    const { kept, tracing, missed, clock } = world();
    missed(unmarked, {}, { tier });
    clock.advance(9_000);
    tracing.keep([traceId]);
    expect(kept.map(({ attributes }) => attributes['meridian.kept'])).toEqual(['told']);
    tracing.keep([traceId]);
    expect(kept).toHaveLength(1);
    const later = world();
    later.missed(unmarked, {}, { tier });
    later.clock.advance(21_000);
    later.tracing.keep([traceId]);
    expect(later.kept).toEqual([]);
  });

  test('but not whatever a client sends under the same identifier', () => {
    const { kept, tracing, missed } = world();
    tracing.keep([traceId]);
    for (let at = 0; at < 100; at++) missed(unmarked, {}, { tier });
    expect(kept).toHaveLength(32);
    tracing.keep([traceId]);
    missed(unmarked, {}, { tier });
    expect(kept).toHaveLength(32);
  });

  test('also where the word comes before the end', () => {
    const { kept, tracing, missed } = world();
    tracing.keep([traceId]);
    missed(unmarked, {}, { tier });
    expect(kept).toHaveLength(1);
  });
});

test('who waited for another request’s answer points to the question, and that trace is kept with it', () => {
  const { kept, tracing, came, ended } = world();
  const [leader, waiter] = [came(), came()];
  leader.trace = tracing.begin(leader);
  waiter.trace = tracing.begin(waiter);
  leader.trace.ask(question).ended(200, null, false);
  waiter.trace.joined(leader.trace);
  ended(leader);
  expect(kept).toEqual([]);
  ended(waiter, { durationMs: 5000 });
  const asked = kept.find(({ kind }) => kind === 'client');
  const pointing = kept.find(({ links }) => links.length > 0);
  expect(kept).toHaveLength(3);
  expect(pointing?.links).toEqual([{ traceId: asked?.traceId ?? '', spanId: asked?.spanId ?? '' }]);
});

test('a question that outlives its request belongs to the trace; one that fails has it kept', () => {
  const { kept, tracing, came, ended, counts } = world();
  const one = came();
  one.trace = tracing.begin(one);
  const late = one.trace.ask({ ...question, background: true });
  ended(one, { outcome: 'hit-stale', layer: 'stale' });
  expect(kept).toEqual([]);
  late.failed('upstream-timeout');
  expect(kept.map(({ kind, isError }) => [kind, isError])).toEqual([
    ['server', false],
    ['client', true],
  ]);
  expect(counts.kept.failed).toBe(1);
});

test('without a collector there are identifiers, and no spans', () => {
  const { kept, tracing, came, ended, missed } = world(null);
  const one = came(unmarked);
  one.trace = tracing.begin(one);
  expect(one.trace.traceId).toBe(traceId);
  expect(one.trace.ask(question).traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  ended(one, { status: 500 });
  missed(marked, { durationMs: 1e9 });
  expect(kept).toEqual([]);
});

test('tracestate goes on with a traceparent that is one, and within its bound', () => {
  const { tracing } = world();
  const stateOf = (traceparent: string, tracestate: string) =>
    tracing.begin(exchange({ headers: new Headers({ traceparent, tracestate }) })).state;
  expect(stateOf(unmarked, 'a=1,b=2')).toBe('a=1,b=2');
  expect(stateOf('00-nothing', 'a=1')).toBeNull();
  expect(stateOf(unmarked, 'a'.repeat(513))).toBeNull();
});
