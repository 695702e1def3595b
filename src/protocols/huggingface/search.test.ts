import { expect, test } from 'bun:test';
import { matcher } from '../patterns.ts';
import { asksForOurs, withoutOurs } from './search.ts';

const livesHere = matcher(['acme/*', 'datasets/acme/*', 'solo']);

test('who looks for what lives here is not overheard by an upstream', () => {
  const ours = [
    '?author=acme',
    '?search=acme/secret',
    '?search=solo',
    '?search=bert+acme/secret',
    '?filter=a,acme',
  ];
  for (const query of ours)
    expect([query, asksForOurs(`api/models${query}`, livesHere)]).toEqual([query, true]);
  for (const query of ['', '?search=bert', '?author=acme-labs', '?limit=5'])
    expect([query, asksForOurs(`api/models${query}`, livesHere)]).toEqual([query, false]);
  expect(asksForOurs('api/datasets?author=acme', livesHere)).toBe(true);
  expect(asksForOurs('api/spaces?author=acme', livesHere)).toBe(false);
});

test('what an upstream finds under a name that lives here is not shown', () => {
  const found = [{ id: 'acme/squatted' }, { id: 'acme-labs/bert' }, { id: 'solo' }, { other: 1 }];
  expect(JSON.parse(withoutOurs(JSON.stringify(found), 'api/models?search=a', livesHere))).toEqual([
    { id: 'acme-labs/bert' },
    { other: 1 },
  ]);
  expect(JSON.parse(withoutOurs(JSON.stringify(found), 'api/spaces', livesHere))).toEqual(found);
  expect(withoutOurs('{"error":"no"}', 'api/models', livesHere)).toBe('{"error":"no"}');
});
