import { expect, test } from 'bun:test';
import { openSessions } from './visitor.ts';

test('one client is one session until he has been quiet for a while', () => {
  const sessions = openSessions(() => null);
  const first = sessions.of('ada', 0);
  first.noted('npm', 'packument');
  expect(sessions.of('ada', 19_000)).toBe(first);
  expect(sessions.of('bob', 19_000)).not.toBe(first);
  expect(sessions.of('ada', 38_999)).toBe(first);
  const anew = sessions.of('ada', 58_999);
  expect(anew).not.toBe(first);
  expect([anew.requests, anew.doing('npm').asked('packument')]).toEqual([0, 0]);
});

test('what he has asked for is counted by route and kind', () => {
  const session = openSessions(() => null).of('ada', 0);
  session.noted('npm', 'packument');
  session.noted('npm', 'packument');
  session.noted('oci', 'packument');
  expect(session.requests).toBe(3);
  expect(session.doing('npm').asked('packument')).toBe(2);
  expect(session.doing('npm').asked('tarball')).toBe(0);
});

test('a question is asked once in a session, and only so many are', () => {
  const sessions = openSessions(() => null);
  const session = sessions.of('ada', 0);
  expect([session.mayAsk('a'), session.mayAsk('a')]).toEqual([true, false]);
  for (let at = 1; at < 96; at++) expect(session.mayAsk(String(at))).toBe(true);
  expect(session.mayAsk('one more')).toBe(false);
  expect(sessions.of('bob', 0).mayAsk('a')).toBe(true);
});

test('an address that is never quiet, as many clients are behind it, is judged by its last minutes', () => {
  const sessions = openSessions(() => null);
  const askedAt = (second: number) => {
    const session = sessions.of('office', second * 1_000);
    session.noted('npm', 'packument');
    return session;
  };
  for (let at = 0; at < 96; at++) expect(askedAt(at / 2).mayAsk(String(at))).toBe(true);
  expect(askedAt(50).mayAsk('one more')).toBe(false);
  for (let second = 51; second < 200; second++) askedAt(second);
  const later = askedAt(200);
  expect([later.mayAsk('0'), later.mayAsk('one more')]).toEqual([true, true]);
  expect(later.doing('npm').asked('packument')).toBeLessThanOrEqual(120);
  expect(later.requests).toBeLessThanOrEqual(120);
});

test('kinds without end are not all counted', () => {
  const session = openSessions(() => null).of('ada', 0);
  for (let at = 0; at < 100; at++) session.noted('npm', `kind${at}`);
  session.noted('npm', 'kind0');
  expect(session.doing('npm').asked('kind0')).toBe(2);
  expect(session.doing('npm').asked('kind99')).toBe(0);
  expect(session.requests).toBe(101);
});

test('who is quiet is forgotten, and of too many the one that was heard longest ago', () => {
  const sessions = openSessions(() => null);
  sessions.of('ada', 0);
  sessions.of('bob', 61_000);
  expect(sessions.size).toBe(1);
  for (let at = 0; at < 5_000; at++) sessions.of(`client ${at}`, 61_000);
  expect(sessions.size).toBe(4_096);
});

test('each session has a trail of its own, where something is learned', () => {
  const sessions = openSessions(() => ({ id: Symbol('trail') }) as never);
  const { trail } = sessions.of('ada', 0);
  expect(trail).not.toBeNull();
  expect(sessions.of('ada', 1).trail).toBe(trail);
  expect(sessions.of('bob', 1).trail).not.toBe(trail);
});
