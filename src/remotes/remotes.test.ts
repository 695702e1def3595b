import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type RemoteLimits, remotes } from './remotes.ts';

const server = 'https://upstream.example';
const here = new AbortController().signal;

function origin(limits: Partial<RemoteLimits> = {}) {
  const clock = virtualClock();
  const told: [string, number][] = [];
  const all = { rate: null, patienceMs: 1_000, maxPauseMs: 60_000, ...limits };
  const it = remotes(all, clock, (...pause) => told.push(pause));
  const refused = (retryAfter: string) =>
    it.answered(server, { status: 429, headers: new Headers({ 'retry-after': retryAfter }), body: null });
  return { clock, told, it, refused };
}

test('a server that wants to be left alone is, until then, and the others are told', () => {
  const { clock, told, it, refused } = origin();
  refused('5');
  expect(() => it.turn(server, here)).toThrow(
    expect.objectContaining({ code: 'upstream-limiting', retryAfterS: 5 }),
  );
  expect(it.turn('https://another.example', here)).toBeNull();
  expect(told).toEqual([[server, clock.now() + 5_000]]);
  clock.advance(5_000);
  expect(it.turn(server, here)).toBeNull();
});

test('what another origin was told counts as well, and is not told again', () => {
  const { clock, told, it, refused } = origin();
  it.told(server, clock.now() + 9_000);
  refused('5');
  expect(() => it.turn(server, here)).toThrow(expect.objectContaining({ retryAfterS: 9 }));
  expect(told).toEqual([]);
});

test('nobody is left alone for longer than the config says', () => {
  const { it, refused } = origin();
  refused('86400');
  expect(() => it.turn(server, here)).toThrow(expect.objectContaining({ retryAfterS: 60 }));
});

test('a rate is kept to: who would wait too long is refused, and who leaves does not wait', async () => {
  const { clock, it } = origin({ rate: { perSecond: 2, burst: 1 } });
  expect(it.turn(server, here)).toBeNull();
  const second = it.turn(server, here);
  const leaver = new AbortController();
  const third = it.turn(server, leaver.signal)?.catch((reason: unknown) => reason);
  expect(() => it.turn(server, here)).toThrow(expect.objectContaining({ code: 'upstream-limiting' }));
  leaver.abort('left');
  expect(await third).toBe('left');
  clock.advance(500);
  await second;
  expect(clock.waiting).toBe(0);
});
