import { expect, test } from 'bun:test';
import { parseLinks } from './link.ts';

const read = (field: string) =>
  parseLinks(field).map(({ reference, relations, parameters }) => [
    reference,
    relations.join(' '),
    Object.fromEntries([...parameters].filter(([name]) => name !== 'rel')),
  ]);

test('links have a reference, relations and parameters', () => {
  expect(read('</a.css>; rel=preload; as=style, <b.js>;rel="modulepreload";crossorigin')).toEqual([
    ['/a.css', 'preload', { as: 'style' }],
    ['b.js', 'modulepreload', { crossorigin: '' }],
  ]);
  expect(read('<a>; REL="Stylesheet  Preload" ; AS=style')).toEqual([
    ['a', 'stylesheet preload', { as: 'style' }],
  ]);
});

test('what separates links separates none within a reference or a quoted string', () => {
  expect(read('<a?b=1,2;c>; title="x, <y>; \\"z"; rel=next, ,<d>')).toEqual([
    ['a?b=1,2;c', 'next', { title: 'x, <y>; "z' }],
    ['d', '', {}],
  ]);
});

test('of a parameter that comes twice, the first one counts', () => {
  expect(read('<a>; rel=preload; rel=next; as=style; as=script')).toEqual([
    ['a', 'preload', { as: 'style' }],
  ]);
});

test('they are given as they were written, too', () => {
  const [first, second] = parseLinks(' </a.css> ; rel=preload;as="style" , <b>; rel=next');
  expect([first?.text, second?.text]).toEqual(['</a.css> ; rel=preload;as="style"', '<b>; rel=next']);
});

test('what is behind something malformed counts for nothing', () => {
  expect(read('<a>; rel=next, b; rel=next, <c>')).toEqual([['a', 'next', {}]]);
  expect(read('<a>; rel=next, <b')).toEqual([['a', 'next', {}]]);
  expect(read('<a> rel=next, <c>')).toEqual([]);
  for (const field of ['', ',', 'a', '<', '<>x', '; rel=next', '<a>"'])
    expect([field, read(field)]).toEqual([field, []]);
  expect(parseLinks(null)).toEqual([]);
});

test('a parameter without a name, or with a value of any kind, hides nothing', () => {
  expect(read('<a>; =x; rel=next')).toEqual([]);
  expect(read('<a>; ; rel=next;')).toEqual([['a', 'next', {}]]);
  expect(read('<a>; sizes=1 2/3; rel=next')).toEqual([['a', 'next', { sizes: '1 2/3' }]]);
  expect(read('<a>; rel="next')).toEqual([['a', '"next', {}]]);
});

test('only so many, and so much of the field, are looked at', () => {
  expect(parseLinks('<a>; rel=next,'.repeat(200))).toHaveLength(64);
  expect(parseLinks(`<a>; rel=next, <${'b'.repeat(20_000)}>; rel=next`)).toHaveLength(1);
  expect(parseLinks(`<a>; rel=next, <b>; rel=next; title=${'b'.repeat(20_000)}`)).toHaveLength(1);
});
