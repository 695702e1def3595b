import { expect, test } from 'bun:test';
import { verdictOn } from './verdict.ts';

const shield = { name: 'shield', role: 'shield' } as const;
const origin = { name: 'origin', role: 'origin' } as const;

function answer(status: number, cacheStatus?: string) {
  return { status, headers: new Headers(cacheStatus ? { 'cache-status': cacheStatus } : {}), body: null };
}

test('an answer that says what came of the work is good, whatever it says', () => {
  for (const status of [200, 304, 404, 429, 500]) expect(verdictOn(answer(status), shield)).toBe('good');
});

test('a parent that names itself as the furthest, or nobody, has failed itself', () => {
  expect(verdictOn(answer(503), shield)).toBe('unable');
  expect(verdictOn(answer(503, 'shield; fwd=bypass; detail=overloaded'), shield)).toBe('unable');
  expect(verdictOn(answer(502, 'shield; fwd=miss; detail=upstream-unreachable'), shield)).toBe('unable');
  expect(verdictOn(answer(503, 'origin; fwd=bypass; detail=store-unavailable'), origin)).toBe('unable');
});

test('what comes from beyond it is not its fault', () => {
  expect(verdictOn(answer(502, 'origin; detail=overloaded, shield; fwd=miss; fwd-status=502'), shield)).toBe(
    'relayed',
  );
  expect(verdictOn(answer(503, 'origin; fwd=miss; fwd-status=503'), origin)).toBe('relayed');
  expect(verdictOn(answer(502, 'origin; fwd=miss; detail=upstream-unreachable'), origin)).toBe('relayed');
  expect(verdictOn(answer(502, 'origin; fwd=miss; detail=digest-mismatch'), origin)).toBe('relayed');
});
