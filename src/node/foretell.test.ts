import { expect, test } from 'bun:test';
import type { Exchange } from '../exchange.ts';
import type { Visit, Whence } from '../predict/surroundings.ts';
import type { CacheKey, Resource } from '../resource.ts';
import { foretellByFields, foretellByHit, foretellByMiss } from './foretell.ts';
import type { Account, Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import type { Prediction } from './prediction.ts';
import type { Route } from './routes.ts';

const key = 'npm /a' as CacheKey;
const resource = { as: 'resource', kind: 'packument', key, tags: [], ask: [] } as unknown as Resource;
const asking = (more: Partial<Exchange> = {}): Exchange => ({
  ...ownExchange({ method: 'GET', target: '/npm/a', body: null, nowMs: 0, startedMs: 0 }),
  ...more,
});
const broken = () => {
  throw new Error('that makes no sense');
};
const route = {
  name: 'npm',
  protocol: { id: 'npm', foresight: { clue: () => null, fields: broken } },
} as unknown as Route;

/** @param owners what keeps it before this process does. */
function opened({ owners = [], isForeseen = false }: { owners?: string[]; isForeseen?: boolean } = {}) {
  const said = { others: 0, asked: [] as Visit[], used: [] as Whence[], isOfInterest: true };
  const predictor = {
    others: (by: number) => {
      said.others += by;
    },
    asked(visit: Visit) {
      said.asked.push(visit);
      return isForeseen;
    },
    used(_: CacheKey, whence: Whence) {
      said.used.push(whence);
      return isForeseen;
    },
    isOfInterest: () => said.isOfInterest,
    popular: { hit: () => {} },
    noteRestricted: () => {},
  } as unknown as Prediction;
  const node = {
    ...{ guard: null, clock: { now: () => 0 }, log: { debug: () => {} } },
    cache: { stored: () => null },
    ring: { before: () => owners },
    site: { routes: { named: () => route } },
  } as unknown as Node;
  return { said, predictor, node };
}

test('whoever waits for what was not foreseen is waited for, also by the process that keeps it', () => {
  for (const [exchange, owners, whence] of [
    [asking(), [], 'parent'],
    [asking(), ['w2'], 'elsewhere'],
    [asking({ relayed: true }), ['w2'], 'parent'],
  ] as const) {
    const { said, predictor, node } = opened({ owners: [...owners] });
    expect(foretellByMiss(node, predictor, exchange, route, resource)).toBe(false);
    expect(said.others).toBe(1);
    expect([...said.asked.map((visit) => visit.whence), ...said.used]).toEqual([whence]);
  }
});

test('whoever asks for what was foreseen, or for nothing but what is here, is not', () => {
  const known = opened({ isForeseen: true });
  expect(foretellByMiss(known.node, known.predictor, asking(), route, resource)).toBe(true);
  const stored = opened();
  const headers = new Headers({ 'cache-control': 'only-if-cached' });
  expect(foretellByMiss(stored.node, stored.predictor, asking({ headers }), route, resource)).toBe(true);
  expect([known.said.others, stored.said.others, stored.said.asked.length]).toEqual([0, 0, 0]);
});

test('a head is not the whole', () => {
  const { said, predictor, node } = opened();
  foretellByMiss(node, predictor, asking({ method: 'HEAD' }), route, resource);
  expect(said.asked).toMatchObject([{ isWhole: false }]);
});

test('a hit that is of no interest costs nothing more', () => {
  const { said, predictor, node } = opened();
  const account = { exchange: asking(), route: 'npm', kind: 'packument', resource } as Account;
  const resident = { entry: { key }, isRestricted: false } as never;
  said.isOfInterest = false;
  foretellByHit(node, predictor, account, resident);
  expect(said.asked).toEqual([]);
  said.isOfInterest = true;
  foretellByHit(node, predictor, account, resident);
  expect(said.asked).toMatchObject([{ whence: 'memory', key }]);
});

test('fields of an answer that make no sense harm nobody', () => {
  const { predictor, node } = opened();
  const obtained = { source: { from: 'parent', answer: { headers: new Headers() } } } as never;
  expect(() =>
    foretellByFields(node, predictor, asking(), route, { named: resource, obtained }),
  ).not.toThrow();
});
