import { expect, test } from 'bun:test';
import { choose, type Offered } from './choice.ts';

const of = (platform: string | null, isAbout = false): Offered => ({
  ...{ digest: platform ?? 'any', size: 1, platform, isAbout },
});
const chosen = (platform: string | null, ...all: Offered[]) => {
  const choice = choose(all, platform);
  return choice && [choice.offered.digest, choice.likelihood];
};
const usual = [of('linux/arm64/v8'), of('linux/amd64'), of('linux/arm/v7'), of('linux/arm/v6')];

test('a client gets what is made for what it runs on', () => {
  expect(chosen('linux/amd64', ...usual)).toEqual(['linux/amd64', 1]);
  expect(chosen('linux/arm64', ...usual)).toEqual(['linux/arm64/v8', 1]);
  expect(chosen('linux/s390x', ...usual)).toBeNull();
});

test('one that does not say what it runs on probably runs on what is commonest', () => {
  expect(chosen(null, ...usual)).toEqual(['linux/amd64', 0.85]);
  expect(chosen(null, of('linux/arm64'), of('linux/s390x'))).toBeNull();
  expect(chosen(null, of('linux/arm64'))).toEqual(['linux/arm64', 1]);
});

test('of variants that nobody tells apart, it is one, unless there is one for all', () => {
  expect(chosen('linux/arm', ...usual)).toEqual(['linux/arm/v7', 0.5]);
  expect(chosen('linux/amd64', of('linux/amd64/v3'), of('linux/amd64'))).toEqual(['linux/amd64', 1]);
  expect(chosen(null, of('linux/amd64/v3'), of('linux/amd64'))).toEqual(['linux/amd64', 1]);
  expect(chosen('windows/amd64', of('windows/amd64'), of('windows/amd64'))).toEqual(['windows/amd64', 0.5]);
});

test('what is about another manifest is never taken, and what is for no platform only where there is nothing else', () => {
  expect(chosen(null, of('linux/arm64'), of(null, true))).toEqual(['linux/arm64', 1]);
  expect(chosen('linux/amd64', of(null), of('linux/amd64'))).toEqual(['linux/amd64', 1]);
  expect(chosen('linux/amd64', of(null))).toEqual(['any', 1]);
  expect(chosen(null, of(null), of(null))).toBeNull();
  expect(chosen(null)).toBeNull();
});
