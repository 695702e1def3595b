/**
 * What became of each request of an install, by the access logs of PoP and shield: a request has the same id at all tiers. And what was
 * brought to the PoP that nobody asked for.
 */
import { type Asked, readAccessLog } from '../../test/support/access-log.ts';
import { percentile } from '../statistics.ts';
import type { World } from './network.ts';

/**
 * `predicted`: it was in the PoP though no client had asked for it. `awaited`: it was on its way there already. `again`: a client had asked for it before.
 * `shield`, `origin`: it had to be asked for, and was there. `beyond`: no cache answers that.
 */
export const answerers = ['predicted', 'again', 'awaited', 'shield', 'origin', 'beyond'] as const;
export type Answerer = (typeof answerers)[number];

export interface Answers {
  /** Times to the head of the answer at the PoP, ms, sorted. */
  readonly msBy: Readonly<Record<Answerer, readonly number[]>>;
  /** Of all of them, sorted. */
  readonly ms: readonly number[];
  /** Objects that the PoP asked its shield for, and those that a client then had. */
  readonly brought: number;
  readonly broughtUsed: number;
  readonly broughtBytes: number;
  readonly vainBytes: number;
}

/** Where logs stand. What is read later begins there. */
export interface Mark {
  readonly pop: number;
  readonly shield: number;
}

/** By then, what was answered is in the access logs. */
const LOG_MS = 300;

export async function markOf({ logs }: World): Promise<Mark> {
  await Bun.sleep(LOG_MS);
  return { pop: readAccessLog(logs.pop).length, shield: readAccessLog(logs.shield).length };
}

/** Since `mark`. */
export async function answersSince({ logs }: World, mark: Mark, route: string): Promise<Answers> {
  await Bun.sleep(LOG_MS);
  const ofRoute = (each: Asked) => each.route === route;
  const pop = readAccessLog(logs.pop);
  const asked = new Set(
    pop
      .slice(0, mark.pop)
      .filter(ofRoute)
      .map(({ target }) => target),
  );
  const shield = readAccessLog(logs.shield).slice(mark.shield).filter(ofRoute);
  const above = new Map(shield.map((each) => [each.id, each]));
  const msBy: Record<Answerer, number[]> = Object.fromEntries(
    answerers.map((each) => [each, [] as number[]]),
  ) as Record<Answerer, number[]>;
  const now = pop.slice(mark.pop).filter(ofRoute);
  for (const each of now) {
    msBy[answererOf(each, above.get(each.id), asked.has(each.target))].push(each.durationMs);
    asked.add(each.target);
  }
  for (const list of Object.values(msBy)) list.sort((a, b) => a - b);
  const got = shield.filter(({ method, status }) => method === 'GET' && status < 400);
  const used = got.filter(({ target }) => asked.has(target));
  return {
    msBy,
    ms: now.map(({ durationMs }) => durationMs).sort((a, b) => a - b),
    brought: got.length,
    broughtUsed: used.length,
    broughtBytes: bytesOf(got),
    vainBytes: bytesOf(got) - bytesOf(used),
  };
}

function answererOf(at: Asked, above: Asked | undefined, isKnown: boolean): Answerer {
  if (at.method !== 'GET' && at.method !== 'HEAD') return 'beyond';
  if (at.outcome.startsWith('hit')) return isKnown ? 'again' : 'predicted';
  if (above === undefined) return 'awaited';
  return above.outcome.startsWith('hit') ? 'shield' : 'origin';
}

const bytesOf = (all: readonly Asked[]) => all.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);

/** `p50 / p90 / p99` in whole ms. */
export function distribution(sorted: readonly number[]): string {
  if (sorted.length === 0) return '–';
  return [0.5, 0.9, 0.99].map((share) => percentile(sorted, share).toFixed(0)).join(' / ');
}
