import { expect, test } from 'bun:test';
import type { CacheKey } from '../resource.ts';
import { openPopular } from './popular.ts';
import type { Visitor } from './visitor.ts';

const visitorWith = (agent: string): Visitor => ({
  ...{ base: 'http://a.test', authority: 'a.test', identity: null },
  headers: new Headers({ 'user-agent': agent }),
});
const of = (name: string, accept: string | null = null) => ({
  ...{ key: `npm ${name}` as CacheKey, route: 'npm', target: `/npm/${name}`, accept },
});
const second = 1_000;

function used(seconds: number, everyMs = second) {
  const popular = openPopular();
  for (let at = 0; at < seconds; at++) popular.hit(of('a'), () => visitorWith('npm'), at * everyMs);
  return popular;
}

test('what was asked for in three seconds is in use', () => {
  expect(used(2).inUse(2 * second)).toEqual([]);
  expect(used(4).inUse(4 * second)).toMatchObject([{ key: 'npm a', route: 'npm', target: '/npm/a' }]);
});

test('several times in one second count once', () => {
  expect(used(50, 10).inUse(second)).toEqual([]);
});

test('what is asked for no more is no longer in use', () => {
  const popular = used(5);
  expect(popular.inUse(5 * second)).toHaveLength(1);
  expect(popular.inUse(20 * 60 * second)).toEqual([]);
});

test('it is in the words of whoever has asked for it last', () => {
  const popular = used(4);
  popular.hit(of('a', 'application/json'), () => visitorWith('pnpm'), 10 * second);
  const [first] = popular.inUse(10 * second);
  expect(first?.visitor.headers.get('user-agent')).toBe('pnpm');
  expect(first?.accept).toBe('application/json');
});

test('what rests is left alone until then, also where it is asked for meanwhile', () => {
  const popular = used(5);
  popular.inUse(5 * second)[0]!.restsUntilMs = 20 * second;
  popular.hit(of('a'), () => visitorWith('npm'), 10 * second);
  expect(popular.inUse(19 * second)).toEqual([]);
  expect(popular.inUse(20 * second)).toHaveLength(1);
});

test('of many, those that were asked for longest ago are forgotten', () => {
  const popular = used(5);
  for (let at = 0; at < 4_096; at++) popular.hit(of(`b${at}`), () => visitorWith('npm'), 6 * second);
  expect(popular.inUse(6 * second)).toEqual([]);
});
