import { expect, test } from 'bun:test';
import { answerOf } from './answers.contract.ts';
import { type Wanted, type World, world } from './world.contract.ts';

/** What a request with these fields gets of a response of this age in seconds, whose lifetime is 60. */
async function outcome(
  request: Record<string, string>,
  age: number,
  control = 'max-age=60',
  by: Pick<Wanted, 'agesByRoute' | 'neverChanges'> = {},
): Promise<string> {
  await using here = await world();
  await store(here, control);
  here.clock.advance(age * 1000);
  here.parent = () => answerOf('new', { 'cache-control': control });
  const reply = await here.get({ headers: request, ...by });
  await reply.text();
  await here.quiet();
  return reply.outcome;
}

async function store(here: World, control: string): Promise<void> {
  here.parent = () => answerOf('old', { 'cache-control': control });
  await (await here.get()).text();
  await here.quiet();
}

const control = (value: string) => ({ 'cache-control': value });

test('no-cache wants an answer that has been confirmed just now', async () => {
  expect(await outcome(control('no-cache'), 1)).toBe('reload');
  expect(await outcome(control('no-cache'), 1, 'max-age=60, immutable')).toBe('reload');
});

test('max-age wants nothing older, min-fresh nothing that is about to be stale', async () => {
  expect(await outcome(control('max-age=10'), 10)).toBe('hit');
  expect(await outcome(control('max-age=10'), 11)).toBe('reload');
  expect(await outcome(control('min-fresh=10'), 50)).toBe('hit');
  expect(await outcome(control('min-fresh=10'), 51)).toBe('reload');
});

test('a page that is loaded again does not have what is immutable confirmed while it is fresh', async () => {
  expect(await outcome(control('max-age=0'), 1, 'max-age=60, immutable')).toBe('hit');
  expect(await outcome(control('max-age=0'), 61, 'max-age=60, immutable')).toBe('reload');
});

test('where the route says how old something may be, max-age says nothing, and no-cache does', async () => {
  expect(await outcome(control('max-age=0'), 30, 'max-age=60', { agesByRoute: true })).toBe('hit');
  expect(await outcome(control('max-age=0'), 61, 'max-age=60', { agesByRoute: true })).toBe('expired');
  expect(await outcome(control('no-cache'), 30, 'max-age=60', { agesByRoute: true })).toBe('reload');
});

test('what never changes is not confirmed before it is stale, unless it says nothing of that', async () => {
  const neverChanges = { neverChanges: true };
  const forGood = 'max-age=60, immutable';
  for (const said of ['no-cache', 'no-cache, no-store', 'max-age=0', 'min-fresh=50'])
    expect(await outcome(control(said), 30, forGood, neverChanges)).toBe('hit');
  expect(await outcome({ pragma: 'no-cache' }, 30, forGood, neverChanges)).toBe('hit');
  expect(await outcome(control('no-cache'), 61, forGood, neverChanges)).toBe('expired');
  // That there is nothing, or that it may not be had, can change.
  expect(await outcome(control('no-cache'), 30, 'max-age=60', neverChanges)).toBe('reload');
});

test('max-stale takes what is stale, as far as it says', async () => {
  expect(await outcome(control('max-stale=10'), 70)).toBe('hit-tolerated');
  expect(await outcome(control('max-stale=10'), 71)).toBe('expired');
  expect(await outcome(control('max-stale'), 100_000)).toBe('hit-tolerated');
  for (const never of ['must-revalidate', 'proxy-revalidate', 'no-cache']) {
    expect(await outcome(control('max-stale'), 61, `max-age=60, ${never}`)).not.toStartWith('hit');
  }
  expect(await outcome(control('max-stale'), 61, 's-maxage=60')).toBe('expired');
});

test('Pragma counts where there is no Cache-Control', async () => {
  expect(await outcome({ pragma: 'No-Cache' }, 1)).toBe('reload');
  expect(await outcome({ pragma: 'no-cache', 'cache-control': 'max-age=60' }, 1)).toBe('hit');
  expect(await outcome({ pragma: 'x' }, 1)).toBe('hit');
});

test('no-store does not forbid what is stored already', async () => {
  expect(await outcome(control('no-store'), 1)).toBe('hit');
});

test('only-if-cached is an error where nothing stored can be used', async () => {
  expect(await outcome(control('only-if-cached'), 1)).toBe('hit');
  expect(await outcome(control('only-if-cached, max-stale=10'), 65)).toBe('hit-tolerated');
  expect(outcome(control('only-if-cached'), 61)).rejects.toMatchObject({ code: 'only-if-cached' });
});
