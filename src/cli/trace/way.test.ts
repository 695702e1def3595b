import { describe, expect, test } from 'bun:test';
import { waterfall } from './waterfall.ts';
import { barsOf, wayOf } from './way.ts';

const headers = new Headers({
  'server-timing': 'origin;dur=40, shield;dur=60, pop-a;dur=80',
  'cache-status':
    'origin;fwd=uri-miss;fwd-status=200;stored;ttl=300, shield;fwd=uri-miss;fwd-status=200;stored;ttl=300, pop-a;fwd=uri-miss;fwd-status=200;stored;ttl=300',
});

describe('the way of a request', () => {
  test('is told from the client on', () => {
    expect(wayOf(headers).map(({ name, durationMs }) => [name, durationMs])).toEqual([
      ['pop-a', 80],
      ['shield', 60],
      ['origin', 40],
    ]);
  });

  test('has two steps of one name where a worker has handed the request over', () => {
    const way = wayOf(
      new Headers({
        'server-timing': 'lhr;dur=1, lhr;dur=2',
        'cache-status': 'lhr;hit;ttl=58;detail=memory, lhr;fwd=miss;fwd-status=200;detail=owner:lhr.2',
      }),
    );
    expect(way.map(({ cache }) => cache?.detail)).toEqual(['owner:lhr.2', 'memory']);
  });

  test('may have servers in it that say nothing of a cache', () => {
    const way = wayOf(new Headers({ 'server-timing': 'db;dur=3, pop-a;dur=4', 'cache-status': 'pop-a;hit' }));
    expect(way.map(({ name, cache }) => [name, cache?.hit ?? null])).toEqual([
      ['pop-a', true],
      ['db', null],
    ]);
  });

  test('is empty for an answer that came another way', () => {
    expect(wayOf(new Headers())).toEqual([]);
  });
});

test('each step lies in the middle of the one that waited for it, and is never longer', () => {
  const bars = barsOf(100, wayOf(headers));
  expect(bars.map(({ name, startMs }) => [name, startMs])).toEqual([
    ['pop-a', 10],
    ['shield', 20],
    ['origin', 30],
  ]);
  expect(barsOf(50, wayOf(headers))[0]?.startMs).toBe(0);
});

test('the waterfall shows each step below the one that waited for it', () => {
  expect(waterfall(100, wayOf(headers))).toBe(
    [
      'client        ████████████████████████████████  100.0',
      '  pop-a          █████████████████████████▋     80.0   uri-miss, stored, fresh for 300 s',
      '    shield          ███████████████████▎        60.0   uri-miss, stored, fresh for 300 s',
      '      origin           ████████████▊            40.0   uri-miss, stored, fresh for 300 s',
      '',
    ].join('\n'),
  );
});
