import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Plan } from '../foresight.ts';
import type { Ask } from '../parent.ts';
import { aheadRouteOf, foreseenIn, planResource, planTarget } from './ahead-route.ts';
import { ownExchange } from './own-exchange.ts';
import type { Puller } from './pull.ts';
import type { Route } from './routes.ts';

const asked = (target: string, method = 'GET'): Exchange => {
  const question = target.indexOf('?');
  return {
    ...ownExchange({ method, target, body: null, nowMs: 0, startedMs: 0 }),
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question),
    tier: {} as NonNullable<Exchange['tier']>,
  };
};

/** The route of plans of an origin with one route that foresees this, and one that foresees nothing. */
function opened(plan: Plan | Promise<Plan>, signal = new AbortController().signal) {
  const questions: string[] = [];
  const foresee = async (question: string) => {
    questions.push(question);
    return plan;
  };
  const npm = { name: 'npm', protocol: { foresight: { foresee } } } as unknown as Route;
  const plain = { name: 'plain', protocol: {} } as unknown as Route;
  const puller = { door: () => ({}) } as unknown as Puller;
  const { protocol } = aheadRouteOf(new Map([npm, plain].map((route) => [route, puller])), virtualClock());
  const pull = (target: string) => protocol.pull({ exchange: asked(target), signal } as Ask, {} as never);
  return { questions, protocol, pull };
}

const plan: Plan = { foreseen: [{ target: '/npm/b', likelihood: 0.75, bytes: 12 }], isWhole: true };

describe('a question of what comes next', () => {
  test('is answered by the protocol of its route, in a form that any node reads', async () => {
    const { questions, pull } = opened(plan);
    const answer = await pull(planTarget('npm', 'want=a&for=linux'));
    expect(questions).toEqual(['want=a&for=linux']);
    const bytes = answer.body as Uint8Array;
    expect(foreseenIn(answer.status, bytes)).toEqual(plan.foreseen);
    expect(foreseenIn(404, bytes)).toEqual([]);
  });

  test('is kept for as long as the plan says, and only for a moment where that is not whole', async () => {
    const kept = async (each: Plan) =>
      (await opened(each).pull(planTarget('npm', 'a'))).headers.get('cache-control');
    expect(await kept(plan)).toBe('max-age=300, stale-while-revalidate=300');
    expect(await kept({ ...plan, freshS: 60 })).toBe('max-age=60, stale-while-revalidate=60');
    expect(await kept({ ...plan, freshS: 86_400 })).toBe('max-age=3600, stale-while-revalidate=3600');
    expect(await kept({ ...plan, isWhole: false })).toStartWith('max-age=5,');
  });

  test('that there is no time for is answered with nothing, for a second', async () => {
    const held = Promise.withResolvers<Plan>();
    const { questions, pull } = opened(held.promise);
    const asked = Array.from({ length: 100 }, (_, nth) => pull(planTarget('npm', `${nth}`)));
    const turnedAway = await asked[99]!;
    expect(foreseenIn(turnedAway.status, turnedAway.body as Uint8Array)).toEqual([]);
    expect(turnedAway.headers.get('cache-control')).toBe('max-age=1');
    held.resolve(plan);
    const answers = await Promise.all(asked);
    expect(answers.filter(({ headers }) => headers.get('cache-control') === 'max-age=1')).toHaveLength(32);
    expect(questions).toHaveLength(68);
  });

  test('in a form of another version is not found', async () => {
    const { pull } = opened(plan);
    for (const target of ['/.meridian/ahead/npm?a', '/.meridian/ahead/1/npm?a']) {
      const error = await Promise.resolve(pull(target)).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'not-found' });
    }
  });

  test('about a route that foresees nothing, or is not there, is not found', async () => {
    const { pull } = opened(plan);
    for (const route of ['plain', 'nowhere', 'npm/more']) {
      const error = await Promise.resolve(pull(planTarget(route, 'a'))).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(MeridianError);
      expect(error.code).toBe('not-found');
    }
  });
});

test('only nodes ask, and each question has a key of its own', () => {
  const { protocol } = opened(plan);
  const target = planTarget('npm', 'a');
  expect(protocol.name(asked(target))).toEqual(planResource(target));
  expect(planResource(target).key).not.toBe(planResource(planTarget('npm', 'b')).key);
  expect(planResource(target).key).not.toBe(planResource(planTarget('pypi', 'a')).key);
  expect(protocol.name({ ...asked(target), tier: null })).toMatchObject({ as: 'refusal' });
  expect(protocol.name(asked(target, 'POST'))).toMatchObject({ as: 'refusal' });
});
