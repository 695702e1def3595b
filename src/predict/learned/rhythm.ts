/**
 * What begins at a time: a job that runs every hour, every night, on weekdays or once a week, by when it has begun before.
 */

export interface Due {
  /** 0 to 1. */
  readonly likelihood: number;
  /** When it is expected; ms since the epoch. */
  readonly atMs: number;
}

interface Period {
  readonly lengthS: number;
  /** So many times before are looked at, at most: the latest first. */
  readonly count: number;
  /** Not told from the others by the day. */
  readonly isOfDay: boolean;
}

const hourS = 3_600;
const dayS = 24 * hourS;
const periods: readonly Period[] = [
  { lengthS: hourS, count: 5, isOfDay: false },
  { lengthS: dayS, count: 5, isOfDay: true },
  { lengthS: 7 * dayS, count: 3, isOfDay: false },
];
/** As many days back, to find some of the same kind: a Monday's are beyond the weekend. */
const furthestDays = 9;
/** Two times are not enough, but for what is so rare that it would be a month before there are three. */
const leastCount = 2;
const leastShare = 0.6;
/** Something that begins at all times begins at that time as well. */
const leastLift = 3;
/** A job does not begin to the second. */
const jitterS = 120;

/**
 * @param starts when it has begun: seconds since the epoch, oldest first.
 * @returns `null`: it is not known to begin within that time.
 */
export function dueWithin(starts: readonly number[], nowMs: number, withinMs: number): Due | null {
  const first = starts[0];
  if (first === undefined || starts.length < leastCount) return null;
  const nowS = nowMs / 1000;
  const untilS = nowS + withinMs / 1000;
  let best: Due | null = null;
  for (const period of periods) {
    const found = seen(starts, first, period, nowS, untilS);
    const chance = chanceOf(starts, nowS, untilS);
    if (found === null || found.share < leastShare || found.share < leastLift * chance) continue;
    // As many times again are taken to be half for it and half against.
    const likelihood = (found.hits + 0.5) / (found.count + 1);
    if (best === null || likelihood > best.likelihood) best = { likelihood, atMs: found.atS * 1000 };
  }
  return best;
}

interface Found {
  readonly hits: number;
  readonly count: number;
  readonly share: number;
  readonly atS: number;
}

function seen(
  starts: readonly number[],
  first: number,
  period: Period,
  nowS: number,
  untilS: number,
): Found | null {
  let hits = 0;
  let count = 0;
  let atS = untilS;
  const furthest = period.isOfDay ? furthestDays : period.count;
  for (let back = 1; back <= furthest && count < period.count; back++) {
    const shift = back * period.lengthS;
    if (period.isOfDay && isWeekend(nowS - shift) !== isWeekend(nowS)) continue;
    // Nothing was known of it by then.
    if (untilS - shift + jitterS < first) break;
    count++;
    const start = starts.find((each) => each + shift >= nowS - jitterS && each + shift <= untilS + jitterS);
    if (start === undefined) continue;
    hits++;
    atS = Math.min(atS, Math.max(nowS, start + shift));
  }
  return count < leastCount || hits < leastCount ? null : { hits, count, share: hits / count, atS };
}

/** That it begins in a time as long as this, if it begins at any time. */
function chanceOf(starts: readonly number[], nowS: number, untilS: number): number {
  const lastWeek = starts.filter((start) => start > nowS - 7 * dayS);
  const spanS = Math.max(hourS, nowS - Math.max(starts[0]!, nowS - 7 * dayS));
  return Math.min(1, (lastWeek.length / spanS) * (untilS - nowS + 2 * jitterS));
}

/** By UTC. 1 January 1970 was a Thursday. */
function isWeekend(atS: number): boolean {
  const day = (Math.floor(atS / dayS) + 4) % 7;
  return day === 0 || day === 6;
}
