import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { FIRST_WINDOW_BYTES, type Flow, openLane, SEGMENT_BYTES } from './lane.ts';

const MIB = 2 ** 20;

interface Heard {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** A lane, and connections on it whose receivers take everything at once. */
function world(oneWayMs: number, bytesPerSecond: number, slowStart = false) {
  const clock = virtualClock();
  const lane = openLane({ oneWayMs, bytesPerSecond, slowStart }, clock);
  const open = (fromMs = 0, takes = true) => {
    const heard: Heard[] = [];
    const said: string[] = [];
    const receiver = {
      arrive(bytes: Uint8Array) {
        heard.push({ atMs: clock.elapsed(), bytes });
        if (takes) flow.taken(bytes.byteLength);
      },
      ended: () => void said.push('ended'),
      broken: () => void said.push('broken'),
    };
    const flow: Flow = lane.open(fromMs, receiver, () => said.push('drained'));
    return { flow, heard, said, total: () => heard.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) };
  };
  return { clock, open };
}

const body = (bytes: number, seed = 1) =>
  Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + seed * 17 + (at >> 8)) & 255);

test('what is sent arrives after the way, and not before', () => {
  const { clock, open } = world(80, 1e9);
  const { flow, heard } = open();
  flow.send(body(100));
  clock.advance(79);
  expect(heard).toHaveLength(0);
  clock.advance(2);
  expect(heard).toHaveLength(1);
});

test('a connection that is being made sends nothing before it is there', () => {
  const { clock, open } = world(80, 1e9);
  const { flow, heard } = open(160);
  flow.send(body(100));
  clock.advance(238);
  expect(heard).toHaveLength(0);
  clock.advance(4);
  expect(heard).toHaveLength(1);
});

test('a long body takes as long as the rate says', () => {
  const { clock, open } = world(10, MIB);
  const { flow, heard, total } = open();
  flow.send(body(4 * MIB));
  clock.advance(20_000);
  expect(total()).toBe(4 * MIB);
  expect(heard.at(-1)?.atMs).toBeWithin(4000, 4020);
});

test('connections that begin together end together, and share the rate', () => {
  const { clock, open } = world(10, MIB);
  const all = Array.from({ length: 4 }, () => open());
  for (const { flow } of all) flow.send(body(MIB));
  clock.advance(2000);
  const halfway = all.map(({ total }) => total());
  expect(Math.max(...halfway) - Math.min(...halfway)).toBeLessThanOrEqual(2 * SEGMENT_BYTES);
  expect(halfway.reduce((sum, bytes) => sum + bytes)).toBeWithin(1.95 * MIB, 2.01 * MIB);
  clock.advance(2100);
  expect(all.map(({ total }) => total())).toEqual([MIB, MIB, MIB, MIB]);
});

test('a small question passes a long body of another connection', () => {
  const { clock, open } = world(10, MIB);
  const long = open();
  long.flow.send(body(4 * MIB));
  clock.advance(1000);
  const short = open();
  short.flow.send(body(200));
  clock.advance(60);
  expect(short.total()).toBe(200);
  expect(long.total()).toBeLessThan(2 * MIB);
});

test('nothing is lost, added or put out of order, whatever is sent how', () => {
  const { clock, open } = world(30, 3 * MIB, true);
  const all = Array.from({ length: 7 }, (_, nth) => ({ ...open(nth * 11), whole: body(300_000 + nth, nth) }));
  for (const { flow, whole } of all) {
    for (let from = 0; from < whole.byteLength; from += 7777) flow.send(whole.subarray(from, from + 7777));
    flow.end();
  }
  clock.advance(60_000);
  for (const { heard, whole, said } of all) {
    expect(Buffer.concat(heard.map(({ bytes }) => bytes)).equals(whole)).toBe(true);
    expect(said.at(-1)).toBe('ended');
  }
  expect(clock.waiting).toBe(0);
});

describe('slow start', () => {
  test('sends the first window in the first round trip, twice as much in the next', () => {
    const { clock, open } = world(50, 1e9, true);
    const { flow, total } = open();
    flow.send(body(MIB));
    clock.advance(60);
    expect(total()).toBe(FIRST_WINDOW_BYTES);
    clock.advance(100);
    expect(total()).toBe(3 * FIRST_WINDOW_BYTES);
    clock.advance(100);
    expect(total()).toBe(7 * FIRST_WINDOW_BYTES);
  });

  test('is begun anew after a rest', () => {
    const { clock, open } = world(50, 1e9, true);
    const { flow, total } = open();
    flow.send(body(MIB));
    clock.advance(5000);
    expect(total()).toBe(MIB);
    flow.send(body(MIB));
    clock.advance(60);
    expect(total()).toBe(MIB + FIRST_WINDOW_BYTES);
  });
});

test('a receiver that takes nothing is sent no more than a window, and the sender learns when to go on', () => {
  const { clock, open } = world(10, 1e9);
  const { flow, total, said } = open(0, false);
  flow.send(body(9 * MIB));
  clock.advance(10_000);
  expect(total()).toBe(4 * MIB);
  expect(flow.waiting).toBe(5 * MIB);
  expect(said).toEqual([]);
  flow.taken(4 * MIB);
  clock.advance(10_000);
  flow.taken(4 * MIB);
  clock.advance(10_000);
  expect(total()).toBe(9 * MIB);
  expect(said).toContain('drained');
});

test('a connection that is broken off drops what has not left', () => {
  const { clock, open } = world(10, MIB);
  const { flow, total, said } = open();
  flow.send(body(4 * MIB));
  clock.advance(500);
  flow.breakOff();
  clock.advance(10_000);
  expect(total()).toBeLessThan(MIB);
  expect(said.at(-1)).toBe('broken');
  expect(clock.waiting).toBe(0);
});
