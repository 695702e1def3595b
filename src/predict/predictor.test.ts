import { expect, test } from 'bun:test';
import { keyOf, rows, settled, visitor, world } from './predictor.contract.ts';

test('what the origin says comes next is fetched in its order, and counts as used when the client comes for it', async () => {
  const { state, predictor, asks, clock } = world();
  state.plans.set('after=/a', rows('/b', '/c'));
  expect(asks('/a')).toBe(false);
  await settled();
  expect(state.fetched).toEqual(['/b', '/c']);
  clock.advance(10);
  expect(asks('/b')).toBe(true);
  expect(predictor.tallies.of.known).toMatchObject({
    foreseen: 2,
    fetched: 2,
    fetchedBytes: 200,
    used: 1,
    usedBytes: 100,
  });
  expect(predictor.tallies.unforeseen).toBe(1);
  expect(state.questions).toEqual(['after=/a']);
});

test('one session asks the same question once, and what was foreseen leads to none', async () => {
  const { state, predictor, visit } = world();
  const same = { clue: () => ({ question: 'tree', foreseen: [] }) };
  state.plans.set('tree', rows('/b'));
  predictor.asked(visit('/a', same));
  predictor.asked(visit('/z', same));
  await settled();
  predictor.asked(visit('/b'));
  await settled();
  expect(state.questions).toEqual(['tree']);
});

test('what is here, what a client has just asked for, and what is fetched already is not fetched', async () => {
  const { state, asks } = world();
  state.here.add('/here');
  state.plans.set('after=/a', rows('/here', '/a', '/b', '/b'));
  asks('/a');
  await settled();
  expect(state.fetched).toEqual(['/b']);
});

test('no more is under way than may be, and the rest follows', async () => {
  const { state, asks } = world({ atOnce: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  state.plans.set('after=/a', rows('/1', '/2', '/3', '/4', '/5'));
  asks('/a');
  await settled();
  expect(state.fetched).toEqual(['/1', '/2']);
  resolve();
  await settled();
  expect(state.fetched).toHaveLength(5);
  expect(state.mostUnderWay).toBe(2);
});

test('of many that may begin, a few do, and then others have their turn', async () => {
  const { state, predictor } = world({ atOnce: 100 });
  state.hold = new Promise(() => {});
  for (let tree = 0; tree < 4; tree++) {
    const own = rows(...Array.from({ length: 10 }, (_, at) => `/${tree}/${at}`));
    predictor.follow('npm', own, 'known', visitor);
  }
  const begun = [state.fetched.length];
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    begun.push(state.fetched.length);
  }
  expect(begun[0]).toBe(8);
  for (let turn = 1; turn < begun.length; turn++)
    expect(begun[turn]! - begun[turn - 1]!).toBeLessThanOrEqual(8);
  expect(begun.at(-1)).toBe(40);
});

test('clients who wait for something else take their share of it at once', async () => {
  const { state, predictor, asks } = world({ atOnce: 4 });
  state.plans.set('after=/a', rows('/1', '/2', '/3', '/4', '/5'));
  for (let client = 0; client < 3; client++) predictor.others(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  asks('/a');
  await settled();
  expect(state.fetched).toEqual(['/1']);
  for (let client = 0; client < 3; client++) predictor.others(-1);
  await settled();
  expect(state.fetched).toEqual(['/1', '/2', '/3', '/4']);
  resolve();
  await settled();
});

test('a long body that nobody has come for rests while others wait, and not once somebody has', async () => {
  const { state, predictor, asks } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  state.plans.set('after=/a', rows('/long'));
  asks('/a');
  await settled();
  expect(predictor.turn(keyOf('/long'))).toBeNull();
  predictor.others(1);
  expect(predictor.turn(keyOf('/long'))).toBeInstanceOf(Promise);
  asks('/long');
  expect(predictor.turn(keyOf('/long'))).toBeNull();
  resolve();
  await settled();
});

test('what nobody comes for was in vain, and of what is unlikely nothing is fetched after that', async () => {
  const { state, predictor, asks, clock } = world();
  const many = Array.from({ length: 60 }, (_, at) => `/${at}`);
  state.plans.set('after=/a', rows(...many));
  asks('/a');
  await settled();
  clock.advance(70_000);
  expect(predictor.tallies.of.known).toMatchObject({ fetched: 60, used: 0, inVain: 60, inVainBytes: 6_000 });
  expect(predictor.score.precision('known', 'npm')).toBe(0);
  expect(state.unwanted).toEqual(many.map(keyOf));
  for (let at = 0; at < 16; at++) {
    state.plans.set(`after=/try-${at}`, rows(`/next-${at}`));
    asks(`/try-${at}`);
  }
  await settled();
  // One session in sixteen is a trial: it may have become better.
  expect(state.fetched.filter((target) => target.startsWith('/next')).length).toBeLessThanOrEqual(1);
  expect(predictor.score.threshold('learned', 'npm')).toBe(0.5);
});

test('where predictions have become better, trials find out', async () => {
  const { state, predictor, asks, clock } = world({ atOnce: 64 });
  state.plans.set('after=/a', rows(...Array.from({ length: 60 }, (_, at) => `/${at}`)));
  asks('/a');
  await settled();
  clock.advance(70_000);
  expect(predictor.score.precision('known', 'npm')).toBe(0);
  for (let at = 0; at < 16; at++) {
    state.plans.set(`after=/try-${at}`, rows(`/next-${at}`));
    asks(`/try-${at}`);
    await settled();
  }
  const tried = state.fetched.filter((target) => target.startsWith('/next'));
  expect(tried).toHaveLength(1);
  expect(asks(tried[0]!)).toBe(true);
});

test('what is queued is not fetched once there is no more room for it', async () => {
  const { state, predictor, asks } = world({ roomBytes: 250, atOnce: 1 });
  state.plans.set('after=/a', rows('/1', '/2', '/3', '/4'));
  asks('/a');
  await settled();
  expect(state.fetched).toEqual(['/1', '/2']);
  expect(predictor.tallies.of.known.left).toBe(2);
  expect(predictor.state.unusedBytes).toBe(200);
});

test('what is not likely enough, longer than it may be, or beyond the room is left', async () => {
  const { state, predictor, asks } = world({ roomBytes: 150, atOnce: 1 });
  state.plans.set('after=/a', [
    { target: '/unlikely', likelihood: 0.2 },
    { target: '/long', bytes: 20_000 },
    { target: '/b', bytes: 100 },
  ]);
  asks('/a');
  await settled();
  state.plans.set('after=/c', rows('/d'));
  asks('/c');
  await settled();
  expect(state.fetched).toEqual(['/b']);
  expect(predictor.tallies.of.known).toMatchObject({ doubted: 1, left: 1 });
});

test('a guess is not worth many bytes', async () => {
  const { state, predictor } = world({ objectBytes: 10_000_000, roomBytes: 100_000_000 });
  const row = (target: string, likelihood: number, bytes: number) => ({ target, likelihood, bytes });
  const all = [row('/a', 0.6, 2_000_000), row('/b', 0.6, 500_000), row('/c', 0.8, 2_000_000)];
  predictor.follow('npm', all, 'known', visitor);
  await settled();
  expect(state.fetched).toEqual(['/b', '/c']);
});

test('what cannot be had, and a question that cannot be answered, harm nobody', async () => {
  const { state, predictor, asks } = world();
  state.failing.add('/b');
  state.plans.set('after=/a', rows('/b', '/c'));
  asks('/a');
  asks('/unknown');
  await settled();
  expect(predictor.tallies).toMatchObject({ questions: 2, unanswered: 1 });
  expect(predictor.tallies.of.known).toMatchObject({ fetched: 2, failed: 1 });
  expect(asks('/b')).toBe(false);
});

test('after it is closed nothing more is fetched', async () => {
  const { state, predictor, asks } = world();
  state.plans.set('after=/a', rows('/b'));
  asks('/a');
  predictor.close();
  await settled();
  expect(state.fetched).toEqual([]);
});

test('what was not for keeping was in vain, unless a client has joined', async () => {
  const { state, predictor, asks } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hold = promise;
  for (const target of ['/b', '/c']) state.fleeting.add(target);
  state.plans.set('after=/a', rows('/b', '/c'));
  asks('/a');
  await settled();
  expect(asks('/c')).toBe(true);
  resolve();
  await settled();
  expect(predictor.tallies.of.known).toMatchObject({ fetched: 2, used: 1, inVain: 1, inVainBytes: 100 });
  expect(asks('/b')).toBe(false);
});

test('what has gone before its client came was in vain, and he has not been spared anything', async () => {
  const { state, predictor, asks, visit } = world();
  state.plans.set('after=/a', rows('/b', '/c'));
  asks('/a');
  await settled();
  expect(predictor.asked(visit('/b', { whence: 'parent' }))).toBe(false);
  expect(predictor.asked(visit('/c'))).toBe(true);
  expect(predictor.tallies.of.known).toMatchObject({ fetched: 2, used: 1, inVain: 1 });
  expect(predictor.tallies.unforeseen).toBe(2);
});

test('what the disk had, and what another process keeps, has not gone to the parent unforeseen', () => {
  const { predictor, visit } = world();
  for (const whence of ['memory', 'here', 'elsewhere'] as const)
    predictor.asked(visit(`/${whence}`, { whence }));
  expect(predictor.tallies.unforeseen).toBe(0);
  expect(predictor.used(keyOf('/x'), 'parent')).toBe(false);
  expect(predictor.tallies.unforeseen).toBe(1);
});

test('what somebody else has fetched meanwhile has not been fetched', async () => {
  const { state, predictor, asks, clock } = world();
  state.others.add('/b');
  state.plans.set('after=/a', rows('/b'));
  asks('/a');
  await settled();
  clock.advance(120_000);
  expect(predictor.tallies.of.known).toMatchObject({
    foreseen: 1,
    fetched: 0,
    used: 0,
    inVain: 0,
    failed: 0,
  });
  expect(predictor.state.unusedBytes).toBe(0);
});

test('whoever asks for a head has not got the body, which may be foreseen still', async () => {
  const { state, predictor, visit } = world();
  state.plans.set('tree', rows('/a'));
  predictor.asked(visit('/a', { isWhole: false, clue: () => ({ question: 'tree', foreseen: [] }) }));
  await settled();
  expect(state.fetched).toEqual(['/a']);
});

test('another process is told once of what it keeps', async () => {
  const { state, asks } = world();
  state.elsewhere.add('/b');
  for (const target of ['/a', '/z']) {
    state.plans.set(`after=${target}`, rows('/b'));
    asks(target);
    await settled();
  }
  expect(state.told).toEqual(['/b']);
  expect(asks('/b')).toBe(true);
});

test('a clue that throws harms nobody', () => {
  const { predictor, visit } = world();
  const clue = () => {
    throw new Error('that makes no sense');
  };
  expect(predictor.asked(visit('/a', { clue }))).toBe(false);
});

test('a question that finds too many others is asked by the next request', async () => {
  const { state, predictor, visit } = world();
  const clue = (question: string) => ({ clue: () => ({ question, foreseen: [] }) });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.holdPlans = promise;
  for (let at = 0; at < 9; at++) {
    state.plans.set(`q${at}`, rows(`/of-${at}`));
    predictor.asked(visit(`/${at}`, clue(`q${at}`)));
  }
  await settled();
  expect(state.questions).toHaveLength(8);
  resolve();
  await settled();
  predictor.asked(visit('/again', clue('q8')));
  await settled();
  expect(state.fetched).toContain('/of-8');
});

test('of very many hits only some are looked at, but all of what was brought', async () => {
  const { state, predictor, asks, clock } = world();
  state.plans.set('after=/a', rows('/b'));
  asks('/a');
  await settled();
  const looked = () => Array.from({ length: 1_000 }, (_, at) => predictor.isOfInterest(keyOf(`/hit-${at}`)));
  expect(looked().filter(Boolean)).toHaveLength(50);
  expect(predictor.isOfInterest(keyOf('/b'))).toBe(true);
  clock.advance(50);
  expect(looked().filter(Boolean)).toHaveLength(50);
});

test('who may not have all of it is led to none of it', async () => {
  const { state, asks } = world();
  state.may = Promise.resolve(false);
  state.plans.set('after=/a', rows('/b'));
  asks('/a');
  await settled();
  expect(state.fetched).toEqual([]);
});
