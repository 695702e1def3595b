import { expect, test } from 'bun:test';
import type { Exchange } from '../exchange.ts';
import { openAudience } from './audience.ts';

const exchange = (base: string, codings: string | null) =>
  ({ base, headers: new Headers(codings === null ? {} : { 'accept-encoding': codings }) }) as Exchange;

test('those who come most are told of first, each route for itself', () => {
  const audience = openAudience();
  audience.saw('npm', exchange('https://a.example', 'gzip'));
  for (let times = 0; times < 3; times++) audience.saw('npm', exchange('https://b.example', 'br'));
  audience.saw('web', exchange('https://c.example', null));
  expect(audience.of('npm')).toEqual([
    { base: 'https://b.example', codings: 'br' },
    { base: 'https://a.example', codings: 'gzip' },
  ]);
  expect(audience.of('web')).toEqual([{ base: 'https://c.example', codings: '' }]);
  expect(audience.of('oci')).toEqual([]);
});

test('who comes with a thousand names drives nobody out who comes often, and few are told of', () => {
  const audience = openAudience();
  for (let nth = 0; nth < 1_000; nth++) {
    audience.saw('npm', exchange('https://often.example', 'gzip'));
    audience.saw('npm', exchange(`https://${nth}.example`, 'gzip'));
  }
  expect(audience.of('npm')[0]?.base).toBe('https://often.example');
  expect(audience.of('npm').length).toBeLessThanOrEqual(6);
});

test('a request of nobody, and an address without end, count for nothing', () => {
  const audience = openAudience();
  audience.saw('npm', exchange('', 'gzip'));
  audience.saw('npm', exchange(`https://${'a'.repeat(400)}.example`, 'gzip'));
  expect(audience.of('npm')).toEqual([]);
});
