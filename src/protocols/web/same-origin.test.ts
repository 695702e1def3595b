import { expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import { targetOf } from './same-origin.ts';

const place = { upstream: 'http://10.0.0.1:8080/app', prefix: '/shop', hostHeader: 'shop.internal' };
const asked = exchange({ target: '/shop/carts/1?x=1', authority: 'pop.example' });
const at = (reference: string | null) => targetOf(reference, asked, place);

test('a reference without a host is resolved as the upstream means it', () => {
  expect(at('2')).toBe('/shop/carts/2');
  expect(at('?y=2')).toBe('/shop/carts/1?y=2');
  expect(at('/app/orders/7')).toBe('/shop/orders/7');
  expect(at('')).toBe('/shop/carts/1?x=1');
});

test('an absolute one may name the upstream, the host that it was asked with, or the one that the client used', () => {
  expect(at('http://10.0.0.1:8080/app/a')).toBe('/shop/a');
  expect(at('https://shop.internal/app/a')).toBe('/shop/a');
  expect(at('http://pop.example/shop/a')).toBe('/shop/a');
});

test('anything else is of another origin', () => {
  for (const reference of [
    'http://other.example/shop/a',
    'https://pop.example/shop/a',
    'http://10.0.0.1:9090/app/a',
    '//evil.example/app',
    'http://10.0.0.1:8080/application',
    '/elsewhere',
    'http://[',
  ]) {
    expect([reference, at(reference)]).toEqual([reference, null]);
  }
  expect(at(null)).toBeNull();
});
