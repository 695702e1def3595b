import { expect, test } from 'bun:test';
import { keyOf, rows, settled, world } from './predictor.contract.ts';

test('of each thing is known what became of it lately', async () => {
  const { state, predictor, asks, clock } = world({ roomBytes: 500 });
  const fateOf = (target: string) => predictor.fateOf(keyOf(target), 'npm', target)?.fate ?? null;
  let go = () => {};
  state.hold = new Promise((resolve) => {
    go = resolve;
  });
  state.failing.add('/failing');
  state.plans.set('after=/a', [
    ...rows('/used', '/vain', '/failing', '/fourth', '/queued'),
    { target: '/unlikely', likelihood: 0.2 },
    { target: '/long', bytes: 20_000 },
    { target: '/no-room', bytes: 5_000 },
  ]);
  asks('/a');
  await settled();
  const all = ['/used', '/queued', '/unlikely', '/long', '/no-room', '/other'];
  expect(all.map(fateOf)).toEqual(['coming', 'waiting', 'doubted', 'long', 'room', null]);
  go();
  await settled();
  expect([fateOf('/used'), fateOf('/failing'), fateOf('/queued')]).toEqual(['here', 'failed', 'here']);
  asks('/used');
  expect([fateOf('/used'), fateOf('/vain')]).toEqual(['used', 'here']);
  clock.advance(70_000);
  expect(predictor.fateOf(keyOf('/vain'), 'npm', '/vain')).toMatchObject({ source: 'known', fate: 'vain' });
});
