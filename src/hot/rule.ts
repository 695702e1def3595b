/**
 * Which objects are hot, and how many members shall keep a copy of each: a pure function of what all members of a ring say
 * that they are asked for. So members that have heard the same come to the same list, and nobody has to decide for the others.
 * Where they have not, for a moment, one asks another for a copy that is not there, and then the owner.
 */

/** What is done for a key, by one member or by all of them. */
export interface Load {
  /** Requests answered from memory, a second. */
  readonly perSecond: number;
  /** Processor time that goes into it: 1 is all that one worker has. */
  readonly cpu: number;
}

export interface HotRule {
  readonly perSecond: number;
  readonly viralPerSecond: number;
  readonly cpuPercent: number;
  readonly risingFromPerSecond: number;
  readonly replicasAtLeast: number;
  readonly replicasAtMost: number;
  /** How long an object stays on the list that is none any more, and how far back a rate is compared. */
  readonly keepS: number;
}

export type Why = 'viral' | 'rate' | 'cpu' | 'rising';

export interface HotObject extends Load {
  readonly key: string;
  /** By what it came on the list, or by what it was last justified. */
  readonly why: Why;
  /** Members that keep a copy, beside the owner. Infinity: all. */
  readonly replicas: number;
}

/** What is remembered of a key from one look to the next. */
interface Watched {
  readonly load: Load;
  readonly earlier: readonly Sample[];
  readonly hot: { readonly why: Why; readonly replicas: number } | null;
  /** When it was last hot by itself, and when as many replicas as it has were last called for. */
  readonly hotMs: number;
  readonly replicasMs: number;
}

interface Sample {
  readonly atMs: number;
  readonly perSecond: number;
}

/** What a member knows. */
export interface Known {
  /** When it last looked; `null`: never. */
  readonly atMs: number | null;
  readonly watched: ReadonlyMap<string, Watched>;
}

export const nothingKnown: Known = { atMs: null, watched: new Map() };

/** Keys watched at once: the most asked for. */
const mostWatched = 256;
/** Rates remembered of each. */
const mostSamples = 64;
const idle: Load = { perSecond: 0, cpu: 0 };

/** @param nowMs of one's own clock, as all times here. */
export function lookAgain(
  known: Known,
  loads: ReadonlyMap<string, Load>,
  nowMs: number,
  rule: HotRule,
): Known {
  const keys = new Set([...known.watched.keys(), ...loads.keys()]);
  const watched = [...keys].flatMap((key) => {
    const next = watch(known, key, loads.get(key) ?? idle, nowMs, rule);
    return next ? [[key, next] as const] : [];
  });
  const kept = watched.sort(byWorth).slice(0, mostWatched);
  return { atMs: nowMs, watched: new Map(kept) };
}

/** Highest rate first. */
export function hotObjects({ watched }: Known): readonly HotObject[] {
  return [...watched].flatMap(([key, { hot, load }]) => (hot ? [{ key, ...load, ...hot }] : []));
}

/** `null`: nothing needs to be remembered of it. */
function watch(known: Known, key: string, load: Load, nowMs: number, rule: HotRule): Watched | null {
  const keepMs = rule.keepS * 1000;
  const before = known.watched.get(key) ?? firstSeen(known);
  const earlier = before.earlier.filter(({ atMs }) => nowMs - atMs <= keepMs);
  const why = reason(load, earlier, rule);
  const wanted = why === null ? 0 : replicasFor(why, load, rule);
  const samples = [...earlier, { atMs: nowMs, perSecond: load.perSecond }].slice(-mostSamples);
  const next = { load, earlier: samples };
  const { hot, hotMs, replicasMs } = before;

  if (why !== null) {
    const isMore = hot === null || wanted >= hot.replicas || nowMs - replicasMs >= keepMs;
    const replicas = isMore ? wanted : hot.replicas;
    return { ...next, hot: { why, replicas }, hotMs: nowMs, replicasMs: isMore ? nowMs : replicasMs };
  }
  if (hot !== null && nowMs - hotMs < keepMs) return { ...next, hot, hotMs, replicasMs };
  const isQuiet = samples.every(({ perSecond }) => perSecond === 0);
  return isQuiet ? null : { ...next, hot: null, hotMs: 0, replicasMs: 0 };
}

/** Nobody asked for it when this member last looked. Before its first look it cannot know. */
function firstSeen({ atMs }: Known): Watched {
  const earlier = atMs === null ? [] : [{ atMs, perSecond: 0 }];
  return { load: idle, earlier, hot: null, hotMs: 0, replicasMs: 0 };
}

function reason({ perSecond, cpu }: Load, earlier: readonly Sample[], rule: HotRule): Why | null {
  if (perSecond >= rule.viralPerSecond) return 'viral';
  if (perSecond >= rule.perSecond) return 'rate';
  if (cpu * 100 >= rule.cpuPercent) return 'cpu';
  if (perSecond < rule.risingFromPerSecond) return null;
  return earlier.some((sample) => sample.perSecond * 2 <= perSecond) ? 'rising' : null;
}

/** From the least, at the threshold, to the most, short of what is viral. */
function replicasFor(why: Why, { perSecond }: Load, rule: HotRule): number {
  if (why === 'viral') return Number.POSITIVE_INFINITY;
  const { replicasAtLeast: least, replicasAtMost: most } = rule;
  const part = (perSecond - rule.perSecond) / (rule.viralPerSecond - rule.perSecond);
  return least + Math.round(Math.max(0, most - least) * Math.min(1, Math.max(0, part || 0)));
}

function byWorth([a, x]: readonly [string, Watched], [b, y]: readonly [string, Watched]): number {
  const isHot = Number(y.hot !== null) - Number(x.hot !== null);
  return isHot || y.load.perSecond - x.load.perSecond || (a < b ? -1 : 1);
}
