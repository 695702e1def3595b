/**
 * What PoPs ask the origin of what their clients ask for next: a route of its own, which takes the way of any other, so that a question is asked once
 * for all PoPs behind a shield, and remembered there. Nodes ask, nobody else.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Foreseen } from '../foresight.ts';
import { aheadRoute } from '../messages/route.ts';
import type { Ask } from '../parent.ts';
import { foreseenForm, foreseenFrom, foreseenText } from '../predict/wire.ts';
import type { Protocol } from '../protocol.ts';
import type { CacheKey, Named, Resource } from '../resource.ts';
import { type FewWalks, fewWalks } from './few-walks.ts';
import type { Puller } from './pull.ts';
import type { Route } from './routes.ts';

const base = '/.meridian/ahead';
/** A node of another version neither answers nor has stored what this one could not read. */
const inForm = `${base}/${foreseenForm}`;

/** @param pullers of the origin's routes; elsewhere there are none. */
export function aheadRouteOf(pullers: ReadonlyMap<Route, Puller>, clock: Clock): Route {
  const walks = fewWalks(clock);
  const protocol: Protocol = {
    id: 'ahead',
    name: named,
    covers: () => [],
    changed: () => null,
    pull: (ask) => pull(ask, pullers, walks),
  };
  return { name: aheadRoute, hosts: [], prefix: base, protocol };
}

/** Where a question about a route is asked. */
export function planTarget(route: string, question: string): string {
  return `${inForm}/${route}?${question}`;
}

export function planResource(target: string): Resource {
  return {
    ...{ as: 'resource', kind: 'plan', key: `${aheadRoute} ${target.slice(base.length)}` as CacheKey },
    ...{ tags: [], ask: [], isDocument: true },
  };
}

/** Of an answer that a node has got: nothing, where it is none. */
export function foreseenIn(status: number, bytes: Uint8Array): readonly Foreseen[] {
  return status === 200 ? foreseenFrom(new TextDecoder().decode(bytes)) : [];
}

function named({ tier, method, target }: Exchange): Named {
  if (tier === null || method !== 'GET')
    return { as: 'refusal', kind: 'plan', error: new MeridianError('not-found', 'There is nothing here.') };
  return planResource(target);
}

/** A tree that was not gone through to its end is worth another look soon: what was missing may have come by then. */
const wholeS = 300;
export const partS = 5;
/** Whatever a document says of how long it holds: what is published meanwhile may lead elsewhere. */
const longestS = 3_600;
/** Whoever asks again, when there was no time to look, shall not be told of nothing. */
const busy = 'max-age=1';

async function pull(ask: Ask, pullers: ReadonlyMap<Route, Puller>, walks: FewWalks): Promise<Answer> {
  const { path, query } = ask.exchange;
  const name = path.startsWith(`${inForm}/`) ? path.slice(inForm.length + 1) : '';
  const [route, puller] = [...pullers].find(([each]) => each.name === name) ?? [];
  const foresight = route?.protocol.foresight;
  if (puller === undefined || foresight === undefined)
    throw new MeridianError('not-found', `nothing is foreseen of ${path}`);
  const plan = await walks.run(name, ask.signal, () =>
    foresight.foresee(query.slice(1), { ask, door: puller.door(ask) }),
  );
  if (plan === null) return answerOf([], busy);
  const { foreseen, isWhole, freshS = wholeS } = plan;
  const keptS = Math.min(freshS, longestS);
  return answerOf(foreseen, `max-age=${isWhole ? keptS : partS}, stale-while-revalidate=${keptS}`);
}

function answerOf(foreseen: readonly Foreseen[], kept: string): Answer {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': kept });
  return { status: 200, headers, body: new TextEncoder().encode(foreseenText(foreseen)) };
}
