/** What a PoP asks its parents of what comes next (`ahead-route.ts`). Not too often, and not where it has all of it already, by what it was told before. */
import { isFresh, mayServeTolerated } from '../cache/freshness.ts';
import type { Freshness } from '../entry.ts';
import type { Foreseen } from '../foresight.ts';
import { aheadRoute } from '../messages/route.ts';
import { openRate } from '../predict/rate.ts';
import type { Elsewhere, Prospect } from '../predict/surroundings.ts';
import type { Resource } from '../resource.ts';
import { foreseenIn, partS, planResource, planTarget } from './ahead-route.ts';
import type { Node } from './node.ts';
import { ownExchange } from './own-exchange.ts';
import { whole } from './pull.ts';

export interface PlanWanted {
  readonly route: string;
  readonly question: string;
  /** Something has changed: no plan that was made before will do. */
  readonly isNews: boolean;
  /** Whoever leads to it has to wait for nobody so far. */
  readonly isServed: boolean;
  /** What would have to be fetched; `null`: nothing. */
  look(foreseen: Foreseen): Prospect | Elsewhere | null;
}

/** Of the text of a plan. */
const mostBytes = 8 * 2 ** 20;
const withinMs = 15_000;
/** What is asked of the parents, by a worker. A lock file of a project is up to a hundred questions, once. */
const questions = { perS: 20, burst: 400 };
/** By a plan that is older, nobody can tell any more what is needed, in seconds. */
const oldS = 3_600;
/** What is less likely is hardly ever fetched. */
const leastLikely = 0.5;
/** Of a plan, so much has to be this process's to keep: then it is a sample of what the others have. */
const leastOwn = 1 / 16;
/** Rows that are looked at before others get their turn. */
const atATime = 64;

type Planning = Pick<Node, 'cache' | 'clock' | 'site'>;

export function openPlans(node: Planning): (wanted: PlanWanted) => Promise<readonly Foreseen[]> {
  const { cache, clock } = node;
  const rate = openRate(clock, questions);

  /** @param control of the cache, as of `Cache-Control`. */
  async function obtain(target: string, resource: Resource, control: string | null) {
    const plans = node.site.routes.named(aheadRoute);
    if (plans === null) return [];
    const times = { nowMs: clock.now(), startedMs: clock.elapsed() };
    const own = ownExchange({ method: 'GET', target, body: null, ...times });
    const exchange = control === null ? own : { ...own, headers: new Headers({ 'cache-control': control }) };
    const found = cache.lookup(resource, exchange);
    const obtained = await cache.obtain(resource, exchange, found, node.site.parentOf(plans));
    const gone = AbortSignal.timeout(withinMs);
    const { status, bytes } = await whole(obtained, gone, mostBytes, clock.now());
    return foreseenIn(status, bytes);
  }

  /** Nothing where too much is asked: what a plan says that is here costs nothing. */
  return async ({ route, question, isNews, isServed, look }) => {
    const target = planTarget(route, question);
    const resource = planResource(target);
    const own = ownExchange({ method: 'GET', target, body: null, nowMs: clock.now(), startedMs: 0 });
    const stored = cache.stored(resource, own)?.entry.freshness ?? null;
    if (stored !== null && !isNews && isServed && isWorthALook(stored, clock.now())) {
      const before = await obtain(target, resource, `only-if-cached, max-stale=${oldS}`);
      if (before.length > 0 && (await isAllHere(before, look))) return [];
    }
    if ((isNews || stored === null) && !rate.take()) return [];
    return obtain(target, resource, isNews ? 'no-cache' : null);
  };
}

/** What is fresh costs nothing; of a plan that was not all of it, what is missing is not in it. */
function isWorthALook(plan: Freshness, nowMs: number): boolean {
  return plan.lifetimeS > partS && !isFresh(plan, nowMs) && mayServeTolerated(plan, nowMs, oldS);
}

async function isAllHere(rows: readonly Foreseen[], look: PlanWanted['look']): Promise<boolean> {
  const likely = rows.filter(({ likelihood = 1 }) => likelihood >= leastLikely);
  let elsewhere = 0;
  for (const [nth, each] of likely.entries()) {
    if (nth % atATime === atATime - 1) await new Promise((resolve) => setImmediate(resolve));
    const missing = look(each);
    if (missing === null) continue;
    if (!('tell' in missing)) return false;
    elsewhere++;
  }
  return likely.length - elsewhere >= leastOwn * likely.length;
}
