/** A predictor in a world that a test makes: what there is, what the origin knows, what is fetched. */
import { virtualClock } from '../../test/support/clock.ts';
import type { Foreseen } from '../foresight.ts';
import type { Way } from '../parent.ts';
import type { CacheKey } from '../resource.ts';
import { openPredictor } from './predictor.ts';
import type { Elsewhere, PredictLimits, Prospect, Visit } from './surroundings.ts';
import type { Visitor } from './visitor.ts';

export const visitor: Visitor = {
  base: 'http://a.test',
  authority: 'a.test',
  headers: new Headers(),
  identity: null,
};
export const keyOf = (target: string) => `npm ${target}` as CacheKey;
export const rows = (...targets: string[]): readonly Foreseen[] =>
  targets.map((target) => ({ target, bytes: 100 }));
export const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

export function world(limits: Partial<PredictLimits> = {}) {
  const clock = virtualClock();
  const bound: PredictLimits = {
    ...{ atOnce: 4, precision: 0.8, usableMs: 60_000, roomBytes: 1_000_000, objectBytes: 10_000, ...limits },
  };
  const state = {
    plans: new Map<string, readonly Foreseen[]>(),
    questions: [] as string[],
    fetched: [] as string[],
    here: new Set<string>(),
    failing: new Set<string>(),
    may: true as boolean | Promise<boolean>,
    /** Not for keeping; fetched by somebody else. */
    fleeting: new Set<string>(),
    others: new Set<string>(),
    elsewhere: new Set<string>(),
    told: [] as string[],
    kept: new Set<string>(),
    unwanted: [] as CacheKey[],
    hold: null as Promise<void> | null,
    holdPlans: null as Promise<void> | null,
    way: null as Way | null,
    underWay: 0,
    mostUnderWay: 0,
  };
  const predictor = openPredictor({
    clock,
    limits: () => bound,
    learned: null,
    warn: () => {},
    way: () => state.way,
    keyOf: (_, target) => keyOf(target),
    unwanted: (keys) => state.unwanted.push(...keys),
    mayFollow: () => state.may,
    async ask(_, question) {
      state.questions.push(question);
      await state.holdPlans;
      const plan = state.plans.get(question);
      if (plan === undefined) throw new Error('the origin does not know');
      return plan;
    },
    look(_, { target }): Prospect | Elsewhere | null {
      if (state.here.has(target)) return null;
      if (state.elsewhere.has(target))
        return { key: keyOf(target), tell: () => void state.told.push(target) };
      return {
        key: keyOf(target),
        async fetch() {
          state.fetched.push(target);
          state.mostUnderWay = Math.max(state.mostUnderWay, ++state.underWay);
          await state.hold;
          state.underWay--;
          if (state.failing.has(target)) throw new Error('it could not be had');
          if (!state.fleeting.has(target)) state.kept.add(target);
          return {
            bytes: 100,
            isKept: !state.fleeting.has(target),
            firstByteMs: state.others.has(target) ? null : 50,
          };
        },
      };
    },
  });
  const visit = (target: string, given: Partial<Visit> = {}): Visit => ({
    ...{ client: 'ada', route: 'npm', kind: 'packument', key: keyOf(target), name: null },
    ...{ whence: state.kept.has(target) ? 'here' : 'parent', isWhole: true },
    ...{ visitor: () => visitor, clue: () => ({ question: `after=${target}`, foreseen: [] }), ...given },
  });
  return { clock, state, predictor, visit, asks: (target: string) => predictor.asked(visit(target)) };
}
