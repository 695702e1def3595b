import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { Foreseen } from '../foresight.ts';
import type { Predictor } from '../predict/predictor.ts';
import type { Visitor } from '../predict/visitor.ts';
import { followTold, tellAhead } from './ahead-told.ts';
import type { NodeRing } from './ring.ts';

const visitor: Visitor = {
  ...{ base: 'http://a.test', authority: 'a.test', identity: null },
  headers: new Headers({ 'user-agent': 'npm/11' }),
};

function opened(fails = false) {
  const clock = virtualClock();
  const told: { readonly owner: string; readonly what: string; readonly text: string }[] = [];
  const ring = {
    async tell(owner: string, what: string, text: string) {
      told.push({ owner, what, text });
      if (fails) throw new Error('it is gone');
    },
  } as unknown as NodeRing;
  return { clock, told, tell: tellAhead({ ring, clock }) };
}

interface Followed {
  readonly route: string;
  readonly foreseen: readonly Foreseen[];
  readonly source: string;
  readonly visitor: Visitor;
}

function following() {
  const followed: Followed[] = [];
  const follow: Predictor['follow'] = (route, foreseen, source, asked) =>
    followed.push({ route, foreseen, source, visitor: asked });
  return { followed, predictor: { follow } as Partial<Predictor> as Predictor };
}

const ahead = (target: string, more: object = {}) => ({
  ...{ route: 'npm', foreseen: { target, likelihood: 0.9 }, visitor, source: 'learned' as const, ...more },
});

test('what one client leads to at once is told at once, in his own words, without what would let anybody in', () => {
  const { clock, told, tell } = opened();
  const identity = { name: 'user:ada', token: 'secret', may: () => true };
  const known = { ...visitor, identity };
  tell('w2', ahead('/npm/a', { visitor: known }));
  tell('w2', ahead('/npm/b', { visitor: known }));
  tell('w3', ahead('/npm/c', { visitor: known }));
  expect(told).toEqual([]);
  clock.advance(2);
  expect(told.map(({ owner, what }) => [owner, what])).toEqual([
    ['w2', 'ahead'],
    ['w3', 'ahead'],
  ]);
  expect(told[0]?.text).not.toContain('secret');
  const { followed, predictor } = following();
  expect(followTold(told[0]!.text, predictor)).toBe(true);
  expect(followed).toMatchObject([
    {
      route: 'npm',
      source: 'learned',
      foreseen: [{ target: '/npm/a', likelihood: 0.9 }, { target: '/npm/b' }],
    },
  ]);
  expect(followed[0]?.visitor).toMatchObject({ base: 'http://a.test', authority: 'a.test' });
  expect(followed[0]?.visitor.headers.get('user-agent')).toBe('npm/11');
});

test('each thing is told with what led to it', () => {
  const { clock, told, tell } = opened();
  tell('w2', ahead('/npm/a', { source: 'known' }));
  tell('w2', ahead('/npm/b', { source: 'scheduled' }));
  clock.advance(2);
  const { followed, predictor } = following();
  for (const { text } of told) followTold(text, predictor);
  expect(followed.map(({ source, foreseen }) => [source, foreseen[0]?.target])).toEqual([
    ['known', '/npm/a'],
    ['scheduled', '/npm/b'],
  ]);
});

test('other clients, other routes and what is too much for one message are told in messages of their own', () => {
  const { clock, told, tell } = opened();
  tell('w2', ahead('/npm/a'));
  tell('w2', ahead('/npm/a', { visitor: { ...visitor, base: 'http://b.test' } }));
  tell('w2', ahead('/v2/a', { route: 'oci' }));
  for (let at = 0; at < 600; at++) tell('w4', ahead(`/npm/${at}`));
  clock.advance(2);
  expect(told.filter(({ owner }) => owner === 'w2')).toHaveLength(3);
  expect(told.filter(({ owner }) => owner === 'w4')).toHaveLength(2);
  clock.advance(2);
  tell('w2', ahead('/npm/later'));
  clock.advance(2);
  expect(told).toHaveLength(6);
});

test('a member that cannot be told harms nobody', async () => {
  const { clock, told, tell } = opened(true);
  tell('w2', ahead('/npm/a'));
  clock.advance(2);
  await Promise.resolve();
  expect(told).toHaveLength(1);
});

test('what no member has written is refused, and nothing is followed where nothing is predicted', () => {
  const { followed, predictor } = following();
  const whole = { route: 'npm', source: 'known', base: '', authority: '', fields: [], rows: '' };
  for (const text of ['', '{}', JSON.stringify({ ...whole, source: 'dreamt' })])
    expect([text, followTold(text, predictor)]).toEqual([text, false]);
  expect(followed).toEqual([]);
  expect(followTold(JSON.stringify(whole), null)).toBe(true);
});

test('only what the other member has looked at is followed with the right to what is restricted', () => {
  const { clock, told, tell } = opened();
  tell('w2', ahead('/npm/a', { foreseen: { target: '/npm/a', restricted: true } }));
  tell('w2', ahead('/npm/b'));
  clock.advance(2);
  const { followed, predictor } = following();
  followTold(told[0]!.text, predictor);
  const deed = { action: 'read', route: 'npm', subject: 'a', restricted: true } as const;
  expect(followed.map(({ foreseen, visitor }) => [foreseen[0]?.target, visitor.identity?.may(deed)])).toEqual(
    [
      ['/npm/a', true],
      ['/npm/b', false],
    ],
  );
});

test('of the fields that are told, those only count that let nobody in and can be written', () => {
  const { followed, predictor } = following();
  const fields = [
    ...[
      ['accept', '*/*'],
      ['authorization', 'Bearer x'],
      ['cookie', 'a=b'],
      ['user-agent', 'a\r\nb: c'],
    ],
    ['not a name', 'x'],
  ];
  const rows = JSON.stringify({ foreseen: [['/npm/a', 1, null, null, false]] });
  const text = JSON.stringify({ route: 'npm', source: 'known', base: '', authority: '', fields, rows });
  expect(followTold(text, predictor)).toBe(true);
  expect([...followed[0]!.visitor.headers]).toEqual([['accept', '*/*']]);
});
