import { expect, test } from 'bun:test';
import { groupsToInvalidate, groupTag, tagsOf } from './tags.ts';

test.each([
  [{ 'cache-tag': 'news, front page,news' }, ['news', 'front page']],
  [{ 'surrogate-key': 'news  front-page' }, ['news', 'front-page']],
  [{ 'cache-groups': '"news", "front page"' }, [groupTag('web', 'news'), groupTag('web', 'front page')]],
  [{ 'cache-groups': 'news' }, []],
  [{ 'cache-groups': '"news", 5' }, []],
  [{ 'cache-groups': 'ne"ws' }, []],
  [{ 'cache-tag': '', 'surrogate-key': ' ' }, []],
])('%j names the tags %j', (headers, tags) => {
  expect(tagsOf([], 'web', new Headers(headers))).toEqual(tags);
});

test('the tags of the protocol come first, and what is beyond the bounds is left out', () => {
  const many = Array.from({ length: 1000 }, (_, n) => `tag-${n}`).join(',');
  const tags = tagsOf(['npm:lodash'], 'npm', new Headers({ 'cache-tag': `${'x'.repeat(257)},${many}` }));
  expect(tags).toHaveLength(128);
  expect(tags.slice(0, 2)).toEqual(['npm:lodash', 'tag-0']);
});

test('groups to invalidate are a list of strings, too', () => {
  expect(groupsToInvalidate(new Headers({ 'cache-group-invalidation': '"a", "b";x=1' }))).toEqual(['a', 'b']);
  expect(groupsToInvalidate(new Headers())).toEqual([]);
});
