import { expect, test } from 'bun:test';
import { weightOf } from './quality.ts';

test('a weight is read in thousandths', () => {
  const weights = { 'q=1': 1000, 'q=1.': 1000, 'q=1.000': 1000, 'q=0': 0, 'q=0.': 0, 'q=0.000': 0 };
  for (const [parameter, weight] of Object.entries(weights)) expect(weightOf([parameter])).toBe(weight);
  expect(weightOf(['q=0.5'])).toBe(500);
  expect(weightOf(['Q=0.001'])).toBe(1);
});

test('no weight is the full weight', () => {
  expect(weightOf([])).toBe(1000);
  expect(weightOf(['charset=utf-8'])).toBe(1000);
  expect(weightOf(['charset=utf-8', 'q=0.25'])).toBe(250);
});

test('what common clients send beyond the grammar is understood', () => {
  expect(weightOf(['q=.2'])).toBe(200);
  expect(weightOf(['q=0.33333'])).toBe(333);
});

test('a malformed weight makes the preference worthless', () => {
  for (const text of ['q=', 'q=.', 'q=2', 'q=1.5', 'q=-1', 'q=0,5', 'q=one', 'q= 1', 'q=1 ', 'q=1.01']) {
    expect(weightOf([text])).toBe(0);
  }
});
