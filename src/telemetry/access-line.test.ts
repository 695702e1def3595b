import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type AccessRecord, jsonLine, textLine } from './access-line.ts';

const request: AccessRecord = {
  timeMs: Date.UTC(2026, 10, 21, 12, 4, 31, 7),
  id: '5f3a',
  node: 'pop-a',
  client: '10.0.0.7',
  method: 'GET',
  target: '/npm/react',
  status: 200,
  bytes: 12_595,
  durationMs: 1.2044,
  outcome: 'hit',
  kind: 'packument',
  route: 'npm',
};

describe('a JSON line', () => {
  test('has everything that is known', () => {
    expect(JSON.parse(jsonLine({ ...request, userAgent: 'npm/11', traceId: 'abc' }))).toEqual({
      time: '2026-11-21T12:04:31.007Z',
      node: 'pop-a',
      client: '10.0.0.7',
      method: 'GET',
      target: '/npm/react',
      id: '5f3a',
      status: 200,
      bytes: 12_595,
      durationMs: 1.204,
      outcome: 'hit',
      route: 'npm',
      kind: 'packument',
      userAgent: 'npm/11',
      traceId: 'abc',
    });
    expect(JSON.parse(jsonLine({ ...request, bytes: null }))).toMatchObject({ bytes: null });
  });

  test('has the right time, also when requests end out of order', () => {
    const times = [0, 999, 1000, 999, 61_005, -1].map((offset) => request.timeMs + offset);
    const written = times.map((timeMs) => JSON.parse(jsonLine({ ...request, timeMs })).time);
    expect(written).toEqual(times.map((timeMs) => new Date(timeMs).toISOString()));
  });

  test.each([
    [0, 0],
    [0.0004, 0],
    [0.0005, 0.001],
    [12.9996, 13],
    [59_999.1, 59_999.1],
    [-1, 0],
  ])('writes %p ms as %p', (durationMs, expected) => {
    expect(JSON.parse(jsonLine({ ...request, durationMs })).durationMs).toBe(expected);
  });

  test('is one line of JSON without controls, whatever a client sends', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '"',
          '\\',
          '\n',
          '\x1b',
          '\x7f',
          '\x9b',
          '\u2028',
          '\u202e',
          '\ud800',
          'a',
          '?',
          '=',
          '&',
          '%',
        ),
      }),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, hostile, (target, userAgent, client, method, id) => {
        const line = jsonLine({ ...request, target, userAgent, client, method, id });
        expect(line).toMatch(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]*\n$/);
        const parsed = JSON.parse(line);
        expect([parsed.client, parsed.method, parsed.id]).toEqual([client, method, id]);
        expect(parsed.userAgent).toBe(userAgent.slice(0, 512));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a text line', () => {
  test('is for people', () => {
    expect(textLine(request)).toBe(
      '12:04:31.007 pop-a 10.0.0.7 GET /npm/react 200 12.3 KiB 1.204 ms hit npm/packument 5f3a\n',
    );
    expect(textLine({ ...request, bytes: null })).toContain(' 200 - 1.204 ms ');
  });

  test('keeps its columns, whatever a client sends', () => {
    expect(textLine({ ...request, target: '/a b\n\x1b[2J\u202e', method: 'G T' })).toContain(
      ' G%20T /a%20b\\x0a\\x1b[2J\\u{202e} 200 ',
    );
  });
});
