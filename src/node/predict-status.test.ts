import { expect, test } from 'bun:test';
import { predicting } from '../messages/predictions.ts';
import { openScore } from '../predict/score.ts';
import { openTallies } from '../predict/tallies.ts';
import { countsOf, difference, sumOf } from '../telemetry/fleet/report.ts';
import { registry } from '../telemetry/metrics/registry.ts';
import { type Snapshot, together } from '../telemetry/metrics/snapshot.ts';
import { observePredictions, predictStatusOf } from './predict-status.ts';

function told(used: number) {
  const tallies = openTallies();
  Object.assign(tallies.of.known, {
    foreseen: 100,
    fetched: 90,
    fetchedBytes: 900,
    used,
    usedBytes: used * 10,
  });
  tallies.of.known.savedMs = 1_500;
  tallies.unforeseen = 20;
  const score = openScore(() => 0.8);
  for (let at = 0; at < 100; at++) score.judged('known', 'npm', { likelihood: 1, isUsed: at < used });
  const state = { goal: 0.8, sessions: 2, waiting: 3, underWay: 4, windowBytes: 17.6, atOnce: 64 };
  const learned = { names: 5, links: 6, bytes: 7 };
  return { tallies, score, state: { ...state, unusedBytes: 8, roomBytes: 9, learned } };
}

function read(predictor: ReturnType<typeof told> | null): Snapshot {
  const counted = registry();
  observePredictions(counted, () => predictor);
  return counted.read();
}

const sampleIn = (snapshot: Snapshot, name: keyof Snapshot, ...labels: string[]) =>
  snapshot[name]?.find((each) => Bun.deepEquals(each.labels, labels))?.value;

test('metrics say what predictions came to by source, and how they stand', () => {
  const snapshot = read(told(60));
  expect(sampleIn(snapshot, 'meridian.predict.fetched', 'known')).toBe(90);
  expect(sampleIn(snapshot, 'meridian.predict.used.size', 'known')).toBe(600);
  expect(sampleIn(snapshot, 'meridian.predict.saved', 'known')).toBe(1.5);
  expect(sampleIn(snapshot, 'meridian.predict.fetched', 'learned')).toBe(0);
  expect(sampleIn(snapshot, 'meridian.predict.recall')).toBe(0.75);
  expect(sampleIn(snapshot, 'meridian.predict.window')).toBe(18);
  expect(sampleIn(snapshot, 'meridian.predict.learned.names')).toBe(5);
  expect(sampleIn(snapshot, 'meridian.predict.precision', 'known', 'npm')).toBeLessThan(0.6);
  expect(sampleIn(snapshot, 'meridian.predict.threshold', 'known', 'npm')).toBeGreaterThan(0.5);
});

test('workers of a node are added up, and the worst of their shares is told', () => {
  const [good, bad] = [read(told(100)), read(told(0))];
  const both = together([good, bad]);
  expect(sampleIn(both, 'meridian.predict.fetched', 'known')).toBe(180);
  expect(sampleIn(both, 'meridian.predict.room')).toBe(18);
  expect(sampleIn(both, 'meridian.predict.precision', 'known', 'npm')).toBe(0);
  expect(sampleIn(both, 'meridian.predict.threshold', 'known', 'npm')).toBeGreaterThan(1);
  expect(sampleIn(both, 'meridian.predict.recall')).toBe(0);
});

test('a node that predicts nothing says nothing of it', () => {
  expect(read(null)).toEqual({});
  expect(predictStatusOf(null)).toBeNull();
  expect(countsOf(read(null)).predicted).toBeUndefined();
});

test('its status is of the form in which it is told, and asking for it is no trial', () => {
  const predictor = told(0);
  const status = predictStatusOf(predictor);
  expect(predicting.parse(status)).toEqual(status!);
  expect(status).toMatchObject({ windowBytes: 18, learned: { names: 5, bytes: 7 }, sessions: 2 });
  expect(status?.standings).toEqual([{ source: 'known', route: 'npm', precision: 0, threshold: 2 }]);
  for (let look = 0; look < 40; look++) expect(predictStatusOf(predictor)?.standings[0]?.threshold).toBe(2);
});

test('what a node reports of them adds up, and goes down to what came since', () => {
  const [before, now] = [countsOf(read(told(10))), countsOf(read(told(60)))];
  expect(now.predicted).toMatchObject({ sources: { known: { used: 60, savedMs: 1_500 } }, unforeseen: 20 });
  expect(Object.keys(now.predicted?.sources ?? {})).toEqual(['known']);
  expect(sumOf([before, now]).predicted?.sources['known']).toMatchObject({ used: 70, fetched: 180 });
  expect(difference(now, before).predicted).toMatchObject({
    sources: { known: { used: 50, usedBytes: 500, fetched: 0 } },
    unforeseen: 0,
  });
});
