import { expect, test } from 'bun:test';
import type { Predicted } from './api.ts';
import {
  plusPredicted,
  precisionOf,
  recallOf,
  scaledPredicted,
  sourceInWords,
  tallyOf,
} from './predicted.ts';

const tally = {
  ...{ foreseen: 10, fetched: 10, fetchedBytes: 1000, used: 6, usedBytes: 600, inVain: 2, inVainBytes: 200 },
  ...{ failed: 1, doubted: 0, left: 0, savedMs: 90 },
};
const said: Predicted = { sources: { known: tally, learned: { ...tally, used: 2 } }, unforeseen: 8 };

test('precision is of what is judged, and recall of what clients would have waited for', () => {
  expect(precisionOf(tally)).toBe(0.75);
  expect(tallyOf(said)).toMatchObject({ used: 8, inVain: 4, savedMs: 180 });
  expect(recallOf(said)).toBe(0.5);
});

test('of nothing there is neither', () => {
  const nothing = { sources: {}, unforeseen: 0 };
  expect(precisionOf(tallyOf(nothing))).toBeNull();
  expect(recallOf(nothing)).toBeNull();
});

test('nodes add up, and those that predict nothing add nothing', () => {
  expect(plusPredicted(said, undefined)).toEqual(said);
  expect(plusPredicted(undefined, undefined)).toBeUndefined();
  const both = plusPredicted(said, { sources: { linked: tally, known: tally }, unforeseen: 1 });
  expect(both).toMatchObject({ sources: { known: { used: 12 }, linked: { used: 6 } }, unforeseen: 9 });
  expect(said.sources['known']?.used).toBe(6);
  expect(scaledPredicted(said, 0.5)).toMatchObject({ sources: { known: { used: 3 } }, unforeseen: 4 });
});

test('a source that this console does not know has its own name', () => {
  expect(sourceInWords('known').title).toBe('Dependencies');
  expect(sourceInWords('dreamt')).toEqual({ title: 'dreamt', note: '' });
});
