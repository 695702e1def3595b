import { describe, expect, test } from 'bun:test';
import { isHit as isMeridianHit } from './meridian.ts';
import { isHit as isVarnishHit } from './varnish.ts';

describe('an answer of Meridian is from the store of the PoP', () => {
  const hit = (field?: string) => isMeridianHit(new Headers(field ? { 'cache-status': field } : {}));

  test('when the member nearest to the client says so', () => {
    expect(hit('pop; hit; ttl=3599; detail=memory')).toBe(true);
    expect(hit('origin; fwd=uri-miss; stored, pop; hit')).toBe(true);
  });

  test('when the worker says so that it was handed over to', () => {
    expect(hit('pop; hit; detail=memory, pop; fwd=miss; fwd-status=200; detail=owner:pop.2')).toBe(true);
    expect(hit('pop; fwd=uri-miss, pop; fwd=miss; fwd-status=200; detail=owner:pop.2')).toBe(false);
  });

  test('and not when another tier had it, or nobody says', () => {
    expect(hit('origin; hit, pop; fwd=uri-miss; stored')).toBe(false);
    expect(hit()).toBe(false);
  });
});

test('an answer of Varnish is from its store when it names two requests', () => {
  expect([isVarnishHit('32770 3'), isVarnishHit('32770'), isVarnishHit(null)]).toEqual([true, false, false]);
});
