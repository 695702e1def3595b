import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { mostTaken, type NearRule, near, restMs } from './near.ts';

const usual: NearRule = { nearRequests: 3, nearWithinS: 10 };

/** Copies that are asked for, and that come when the test says so. */
function stage(given: NearRule | null = usual) {
  const clock = virtualClock();
  const settings = { rule: given };
  const asked: string[] = [];
  const pending = new Map<string, (isKept: boolean) => void>();
  const nearby = near(clock, () => settings.rule);
  const handOver = (key: string, times = 1) => {
    for (let time = 0; time < times; time++)
      nearby.handedOver(key, () => {
        asked.push(key);
        const { promise, resolve } = Promise.withResolvers<boolean>();
        pending.set(key, resolve);
        return promise;
      });
  };
  const comes = async (key: string, isKept: boolean) => {
    pending.get(key)!(isKept);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, settings, asked, handOver, comes };
}

describe('what is handed over', () => {
  test('is copied the third time within ten seconds', () => {
    const { clock, asked, handOver } = stage();
    handOver('a');
    clock.advance(5_000);
    handOver('a');
    expect(asked).toEqual([]);
    clock.advance(4_999);
    handOver('a');
    expect(asked).toEqual(['a']);
  });

  test('less often than that is not', () => {
    const { clock, asked, handOver } = stage();
    for (let time = 0; time < 20; time++) {
      handOver('a', 2);
      clock.advance(10_000);
    }
    expect(asked).toEqual([]);
  });

  test('once each, whatever there is of it, is not', () => {
    const { asked, handOver } = stage();
    for (let which = 0; which < 100_000; which++) handOver(`web /${which}`);
    expect(asked).toEqual([]);
  });

  test('is asked for by one alone, and again once that copy has gone and as many requests have come', async () => {
    const { asked, handOver, comes } = stage();
    handOver('a', 50);
    expect(asked).toHaveLength(1);
    await comes('a', true);
    // So the copy has expired by now.
    handOver('a', 2);
    expect(asked).toHaveLength(1);
    handOver('a');
    expect(asked).toHaveLength(2);
  });

  test('and was not to be had rests for a while', async () => {
    const { clock, asked, handOver, comes } = stage();
    handOver('a', 3);
    await comes('a', false);
    handOver('a', 50);
    clock.advance(restMs - 1);
    handOver('a', 50);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    handOver('a', 3);
    expect(asked).toHaveLength(2);
  });

  test('is on its way as a copy no more often than there is room for', async () => {
    const { asked, handOver, comes } = stage();
    for (let which = 0; which < 100; which++) handOver(`web /${which}`, 3);
    expect(asked).toHaveLength(mostTaken);
    await comes('web /0', true);
    handOver('web /99');
    expect(asked.at(-1)).toBe('web /99');
  });

  test('is never copied where nothing is to be near', () => {
    const { asked, handOver, settings } = stage({ ...usual, nearRequests: 0 });
    handOver('a', 100);
    settings.rule = null;
    handOver('a', 100);
    expect(asked).toEqual([]);
    settings.rule = usual;
    handOver('a', 3);
    expect(asked).toEqual(['a']);
  });
});
