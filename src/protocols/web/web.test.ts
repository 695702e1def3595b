import { expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import type { Pass } from '../../resource.ts';
import { web } from './web.ts';

const options = {
  upstream: 'http://up.example',
  freshness: {},
  negative: { statuses: [404] },
  compress: true,
  setCookie: 'store',
} as const;
const protocol = web(options, { route: 'docs', prefix: '/docs', role: 'pop' });

function passOf(method: string, target = '/docs/a'): Pass {
  const named = protocol.name(exchange({ method, target }));
  if (named.as !== 'pass') throw new Error(`${method} is ${named.as}`);
  return named;
}

test('a page is named by the target as the client wrote it', () => {
  const named = protocol.name(exchange({ target: '/docs/a?b=1' }));
  expect(named).toMatchObject({ as: 'resource', key: 'docs /docs/a?b=1', keepsCookies: true });
});

test('what is not read makes its page outdated, and what it points to', () => {
  const answer = new Headers({ location: '/b', 'content-location': 'http://elsewhere.example/docs/c' });
  expect(passOf('PUT').outdates?.(answer).map(String)).toEqual(['docs /docs/a', 'docs /docs/b']);
});

test('a POST stands for a GET when its Content-Location says so', () => {
  const fields = (location: string) => new Headers({ 'content-location': location });
  expect(passOf('POST').standsFor?.(fields('/a'))).toMatchObject({ key: 'docs /docs/a' });
  expect(passOf('POST').standsFor?.(fields('/b'))).toBeNull();
  expect(passOf('POST').standsFor?.(new Headers())).toBeNull();
  expect(passOf('PUT').standsFor?.(fields('/a'))).toBeNull();
});

test('what a PoP asks about after its time, its parents keep for longer, and vouch for', () => {
  const times = { freshS: 60, shieldS: 600, staleIfErrorS: 5 };
  const at = (role: 'pop' | 'shield' | 'origin') => {
    const named = web({ ...options, freshness: times }, { route: 'docs', prefix: '', role }).name(exchange());
    return named.as === 'resource' ? named.freshness : null;
  };
  expect(at('pop')).toEqual({ freshS: 60, staleIfErrorS: 5, vouchedS: 600 });
  // What an origin holds for stale must not be fresh for the shield that asks it.
  expect(at('shield')).toEqual({ freshS: 600, staleIfErrorS: 5 });
  expect(at('origin')).toEqual({ freshS: 600, staleIfErrorS: 5 });
});
