import { expect, test } from 'bun:test';
import type { Exchange } from '../exchange.ts';
import { openCodings } from '../predict/codings.ts';
import { openAudience } from './audience.ts';

const exchange = (base: string, codings: string | null = null) =>
  ({
    base,
    headers: new Headers({ 'user-agent': 'pip/23', ...(codings !== null && { 'accept-encoding': codings }) }),
  }) as Exchange;

test('those who come most are told of first, each route for itself', () => {
  const audience = openAudience(openCodings());
  audience.saw('npm', 'packument', exchange('https://a.example'));
  for (let times = 0; times < 3; times++) audience.saw('npm', 'packument', exchange('https://b.example'));
  audience.saw('web', 'page', exchange('https://c.example'));
  expect(audience.bases('npm')).toEqual(['https://b.example', 'https://a.example']);
  expect(audience.bases('web')).toEqual(['https://c.example']);
  expect(audience.bases('oci')).toEqual([]);
});

test('which codings clients take is told by kind', () => {
  const audience = openAudience(openCodings());
  audience.saw('pypi', 'project', exchange('https://a.example', 'gzip'));
  audience.saw('pypi', 'metadata', exchange('https://a.example'));
  expect(audience.codings.all('pypi', 'project')).toEqual(['gzip']);
  expect(audience.codings.all('pypi', 'metadata')).toEqual(['']);
});

test('who comes with a thousand names drives nobody out who comes often, and few are told of', () => {
  const audience = openAudience(openCodings());
  for (let nth = 0; nth < 1_000; nth++) {
    audience.saw('npm', 'packument', exchange('https://often.example'));
    audience.saw('npm', 'packument', exchange(`https://${nth}.example`));
  }
  expect(audience.bases('npm')[0]).toBe('https://often.example');
  expect(audience.bases('npm').length).toBeLessThanOrEqual(6);
});

test('a request of nobody, and an address without end, count for nothing', () => {
  const audience = openAudience(openCodings());
  audience.saw('npm', 'packument', exchange('', 'gzip'));
  audience.saw('npm', 'packument', exchange(`https://${'a'.repeat(400)}.example`, 'gzip'));
  expect(audience.bases('npm')).toEqual([]);
  expect(audience.codings.all('npm', 'packument')).toEqual([]);
});
