import { expect, test } from 'bun:test';
import { rows, settled, visitor, world } from './predictor.contract.ts';

test('a guess that turns out to be right leads on, where that settles what could only be guessed', async () => {
  const { state, predictor, visit } = world();
  const leadsTo = (question: string, settles: boolean) => ({
    clue: () => ({ question, foreseen: [], settles }),
  });
  const guess = (target: string) => ({ target, bytes: 100, likelihood: 0.6 });
  state.plans.set('newest', [guess('/right'), guess('/dull'), { target: '/sure', bytes: 100 }]);
  state.plans.set('right', rows('/next'));
  predictor.asked(visit('/a', leadsTo('newest', false)));
  await settled();
  for (const [target, settles] of [
    ['/dull', false],
    ['/sure', true],
    ['/right', true],
  ] as const) {
    expect(predictor.asked(visit(target, { ...leadsTo(target.slice(1), settles), whence: 'memory' }))).toBe(
      true,
    );
  }
  await settled();
  expect(state.questions).toEqual(['newest', 'right']);
  expect(state.fetched.at(-1)).toBe('/next');
});

test('a guess that another process keeps leads on as well', async () => {
  const { state, predictor, visit } = world();
  state.elsewhere.add('/right');
  state.plans.set('after=/a', [{ target: '/right', bytes: 100, likelihood: 0.6 }]);
  state.plans.set('right', rows('/next'));
  predictor.asked(visit('/a'));
  await settled();
  const clue = () => ({ question: 'right', foreseen: [], settles: true });
  expect(predictor.asked(visit('/right', { clue, whence: 'elsewhere' }))).toBe(true);
  await settled();
  expect(state.fetched).toEqual(['/next']);
});

test('what no client has led to is fetched though not all of it may be had', async () => {
  const { state, predictor } = world();
  state.may = false;
  predictor.follow('npm', rows('/b'), 'scheduled', visitor);
  predictor.follow('npm', rows('/c'), 'known', visitor);
  await settled();
  expect(state.fetched).toEqual(['/b']);
});
