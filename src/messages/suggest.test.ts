import { expect, test } from 'bun:test';
import { suggest } from './suggest.ts';

const known = ['upstreams', 'metadata', 'maxPackumentBytes', 'url'];

test.each([
  ['upstream', 'upstreams'],
  ['upstraems', 'upstreams'],
  ['Metadata', 'metadata'],
  ['maxPackumentSize', 'maxPackumentBytes'],
  ['ulr', 'url'],
])('%p probably means %p', (word, meant) =>
  expect(suggest(word, known)).toEqual({ hint: `Did you mean ${meant}?` }),
);

test.each(['', 'x', 'ur', 'cache', 'authorization'])('%p may mean anything', (word) =>
  expect(suggest(word, known)).toEqual({}),
);
