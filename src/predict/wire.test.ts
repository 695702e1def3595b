import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Foreseen } from '../foresight.ts';
import { foreseenFrom, foreseenText, isTarget } from './wire.ts';

test('what is foreseen is the same at the other end', () => {
  const rows = fc.array(
    fc.record<Foreseen>(
      {
        target: fc
          .webPath()
          .map((path) => `/a${path}`)
          .filter(isTarget),
        likelihood: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
        bytes: fc.nat(),
        accept: fc.string({ maxLength: 20 }),
        restricted: fc.constant(true),
        once: fc.constantFrom(['/a'], ['/b', '/c']),
      },
      { requiredKeys: ['target', 'likelihood'] },
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(rows, (all) => {
      expect(foreseenFrom(foreseenText(all))).toEqual(all);
    }),
  );
  expect(foreseenFrom(foreseenText([{ target: '/a' }]))).toEqual([{ target: '/a', likelihood: 1 }]);
});

test('a text that no node has written says nothing', () => {
  for (const text of ['', 'nonsense', '[]', '{}', '{"foreseen":{}}', '{"foreseen":[[]]}'])
    expect([text, foreseenFrom(text)]).toEqual([text, []]);
});

test('a row that hangs on nothing that is said is left out, and rows that hang on the same say so', () => {
  const row = (target: string, ...more: unknown[]) => [target, 1, null, null, false, ...more];
  const text = (once: unknown) => JSON.stringify({ foreseen: [row('/a'), row('/b', 0), row('/c', 1)], once });
  expect(foreseenFrom(text([['/sign']]))).toEqual([
    { target: '/a', likelihood: 1 },
    { target: '/b', likelihood: 1, once: ['/sign'] },
  ]);
  expect(foreseenFrom(text([['http://elsewhere.test/']]))).toEqual([]);
  const [one, other] = foreseenFrom(
    foreseenText(['/a', '/b'].map((target) => ({ target, once: ['/sign'] }))),
  );
  expect(one?.once).toBe(other?.once);
});

test('a row that makes no sense is left out, and the others stay', () => {
  const all = [
    { target: '/a' },
    { target: `/${'b'.repeat(3_000)}` },
    { target: 'http://elsewhere.test/' },
    { target: '/c', likelihood: 3 },
    { target: '/d', bytes: -1 },
    { target: '/e' },
  ];
  expect(foreseenFrom(foreseenText(all)).map(({ target }) => target)).toEqual(['/a', '/e']);
});

test('of a plan that is too long, the beginning is followed', () => {
  const rows = Array.from({ length: 20_001 }, (_, at) => ({ target: `/${at}` }));
  const found = foreseenFrom(foreseenText(rows));
  expect([found.length, found.at(-1)?.target]).toEqual([20_000, '/19999']);
  const long = JSON.stringify({ foreseen: rows.map(({ target }) => [target, 1, null, null, false]) });
  expect(foreseenFrom(long)).toHaveLength(20_000);
});

test.each([
  ...[
    'http://elsewhere.test/',
    '//elsewhere.test/a',
    '/\\elsewhere.test',
    'a',
    '',
    '/a/../b',
    '/a/./b',
    '/a/%2e%2e/b',
  ],
  ...['/a\r\nx-b: c', '/a b', '/a\tb', '/a#b', '/ä', '/a\0', '/..'],
])('%j is no address that anything is fetched by', (target) => {
  expect(isTarget(target)).toBe(false);
  expect(foreseenFrom(foreseenText([{ target }]))).toEqual([]);
});

test.each(['/', '/npm/@acme%2fui', '/v2/a/blobs/sha256:0a', '/a?ns=b.test', '/a%0d%0ab', '/__proto__'])(
  '%j is one, and stays as it is',
  (target) => {
    expect(foreseenFrom(foreseenText([{ target }]))).toEqual([{ target, likelihood: 1 }]);
  },
);
