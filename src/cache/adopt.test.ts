import { expect, test } from 'bun:test';
import { exchange, resource } from '../../test/support/builders.ts';
import { answerOf, maxAge } from './answers.contract.ts';
import { world } from './world.contract.ts';

const post = exchange({ method: 'POST', body: 'question' });

test('an answer to a POST that says for how long stands for a GET', async () => {
  await using here = await world();
  const served = await here.cache.adopt(resource(), post, answerOf('result', maxAge(60)));
  expect(served).toMatchObject({ outcome: 'method', source: { from: 'fill' }, forwarding: { stored: true } });
  await here.quiet();
  const later = await here.get();
  expect([later.outcome, await later.text()]).toEqual(['hit', 'result']);
});

test('one that does not say for how long is passed on', async () => {
  await using here = await world();
  expect(here.cache.adopt(resource(), post, answerOf('result', { etag: '"1"' }))).toBeNull();
});

test('one that may not be stored is passed on', async () => {
  await using here = await world();
  const fields = { 'cache-control': 'private, max-age=60' };
  expect(here.cache.adopt(resource(), post, answerOf('result', fields))).toBeNull();
});
