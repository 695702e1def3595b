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
