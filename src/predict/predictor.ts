/**
 * Brings to a PoP what its clients are going to ask for next. A request tells what its client is about; the protocol, the origin, or what was learned
 * say what follows; that is fetched within bounds, and judged by whether somebody comes for it.
 *
 * It knows neither protocols nor caches: what something is called here, and how it is fetched, it is lent (`Surroundings`).
 */
import type { Clock } from '../clock.ts';
import type { Clue, Doing, Foreseen } from '../foresight.ts';
import type { PredictingState } from '../messages/predictions.ts';
import type { CacheKey } from '../resource.ts';
import { type Allowance, openAllowance } from './allowance.ts';
import { openBrought } from './brought.ts';
import type { Learned } from './learned/learned.ts';
import { openPopular, type Popular } from './popular.ts';
import { openQueue } from './queue.ts';
import { openRecent } from './recent.ts';
import { openScore, type Score, type Source } from './score.ts';
import { openTallies, type Tallies } from './tallies.ts';
import { openSessions, type Visitor } from './visitor.ts';

export interface PredictLimits {
  /** Fetched at once. */
  readonly atOnce: number;
  readonly bytesPerS?: number | undefined;
  /** Share of what is fetched that shall be used, 0 to 1. */
  readonly precision: number;
  /** For how long a client may come for it, ms. */
  readonly usableMs: number;
  /** What nobody has come for yet takes no more than this. */
  readonly roomBytes: number;
  /** A longer object is not fetched on a guess. */
  readonly objectBytes: number;
}

/** Something that is missing here, and how it is fetched. */
export interface Prospect {
  readonly key: CacheKey;
  /** Another process keeps it, and has been told of it: it is none of this one's business any more. */
  readonly isElsewhere?: boolean;
  /** Resolves when all of it is here, or turns out not to be for keeping. Fails with an `Error` that says why it could not be had. */
  fetch(): Promise<Fetched>;
}

export interface Fetched {
  readonly bytes: number;
  /** How long the parent took until its answer began; `null`: it was not asked. */
  readonly firstByteMs: number | null;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly limits: () => PredictLimits;
  /** `null`: it is here, or on its way; it cannot be kept; or this client may not have it. */
  look(route: string, foreseen: Foreseen, visitor: Visitor, source: Source): Prospect | null;
  /** Asks the origin. */
  ask(route: string, question: string, source: Source): Promise<readonly Foreseen[]>;
  /** `null`: nothing is learned. */
  readonly learned: Learned | null;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

/** One request of a client. */
export interface Visit {
  /** What tells one client from another. */
  readonly client: string;
  readonly route: string;
  readonly kind: string;
  /** `null`: nothing that is kept. */
  readonly key: CacheKey | null;
  /** What it is learned as: `<route> <target> [<accept>]`; `null`: nothing is learned of it. */
  readonly name: string | null;
  /** Memory has answered. */
  readonly isHit: boolean;
  readonly visitor: () => Visitor;
  readonly clue: (doing: Doing) => Clue | null;
}

export interface Predictor {
  /** Never fails. @returns whether it was foreseen: it is here, or on its way. */
  asked(visit: Visit): boolean;
  /** Somebody has come for this, by another way. */
  used(key: CacheKey): void;
  /** Follows what is foreseen, as far as it may. */
  follow(route: string, foreseen: readonly Foreseen[], source: Source, visitor: Visitor): void;
  /** Fetches this before anything else that is waiting, within the same bounds. */
  bring(route: string, prospect: Prospect, source: Source, bytes: number): void;
  /** Asks, and follows. */
  followClue(route: string, clue: Clue, source: Source, visitor: Visitor): void;
  /** Whether more of what is being fetched for nobody yet may come now; `null`: yes. Resolves when one may look again. */
  turn(key: CacheKey): Promise<void> | null;
  /** A client waits for something that was not foreseen: to be called once more, with -1, when he has it. */
  others(by: 1 | -1): void;
  /** What is in steady use here. */
  readonly popular: Popular;
  readonly tallies: Tallies;
  readonly score: Pick<Score, 'precision' | 'threshold' | 'standings'>;
  readonly state: Omit<PredictingState, 'standings'>;
  close(): void;
}

interface Wanted {
  readonly prospect: Prospect;
  readonly source: Source;
  readonly route: string;
  readonly bytes: number;
  readonly addedMs: number;
}

/** A rank before all others. */
const urgent = -1;
const mostWaiting = 16_384;
/** What has waited longer is asked for by its client before it is fetched, or not at all. */
const staleMs = 60_000;
/** Rows that are looked at before others get their turn. */
const atATime = 64;
/** At the beginning of a session, what follows is worth a look although memory has answered. */
const firstRequests = 8;
/** Where nobody knows: what the budget reckons with. */
const usualBytes = 32 * 1024;
const mostQuestionsAtOnce = 8;
/** While clients wait for something else, a long body that nobody has come for comes in pieces, with such rests. */
const turnMs = 25;
const dueEveryMs = 60_000;
const dueWithinMs = 2 * 60_000;

export function openPredictor(surroundings: Surroundings): Predictor {
  const { clock, limits, look, ask, learned, warn } = surroundings;
  const tallies = openTallies();
  const score = openScore(() => limits().precision);
  const allowance: Allowance = openAllowance(clock, limits);
  const queue = openQueue<Wanted>(mostWaiting);
  const recent = openRecent(clock);
  const sessions = openSessions(() => learned?.trail() ?? null);
  /** In whose words something is fetched that no client has led to: the last one's, with nobody's rights. */
  const lastOf = new Map<string, Visitor>();
  let asking = 0;
  let isClosed = false;
  let cancelWake: (() => void) | null = null;
  let cancelDue = clock.after(dueEveryMs, lookAtClock);

  const brought = openBrought({
    clock,
    usableMs: () => limits().usableMs,
    used({ source, route }, savedMs) {
      const tally = tallies.of[source];
      tally.used++;
      tally.savedMs += savedMs;
      score.judged(source, route, true);
    },
    usedBytes({ source, bytes }) {
      tallies.of[source].usedBytes += bytes;
    },
    inVain({ source, route, bytes }) {
      const tally = tallies.of[source];
      tally.inVain++;
      tally.inVainBytes += bytes;
      score.judged(source, route, false);
    },
  });

  function asked(visit: Visit): boolean {
    const { client, route, kind, key, name, isHit } = visit;
    const nowMs = clock.now();
    const session = sessions.of(client, nowMs);
    const isForeseen = key !== null && (brought.has(key) || recent.get(key) === 'elsewhere');
    if (key !== null) {
      use(key);
      if (!isForeseen) recent.note(key, 'asked');
    }
    if (learned !== null && session.trail !== null && name !== null) learned.saw(session.trail, name, nowMs);
    if (!isHit && !isForeseen && key !== null) tallies.unforeseen++;
    if (!isForeseen && (!isHit || session.requests < firstRequests)) {
      const visitor = visit.visitor();
      lastOf.set(route, visitor);
      const clue = isHit ? null : visit.clue(session.doing(route));
      const isNew = clue !== null && (clue.question === null || session.mayAsk(`${route} ${clue.question}`));
      // The request itself comes first.
      setImmediate(() => {
        if (isClosed) return;
        if (learned !== null && name !== null)
          followLearned(learned.after(name, nowMs, session.trail ?? undefined), 'learned', () => visitor);
        if (isNew) followClue(route, clue, 'known', visitor);
      });
    }
    session.noted(route, kind);
    return isForeseen;
  }

  function use(key: CacheKey): void {
    brought.use(key);
    queue.drop(key);
  }

  function followClue(route: string, { question, foreseen }: Clue, source: Source, visitor: Visitor): void {
    if (foreseen.length === 0 && question === null) return;
    const threshold = score.threshold(source, route);
    if (foreseen.length > 0) follow(route, foreseen, source, visitor, threshold);
    if (question === null || asking >= mostQuestionsAtOnce || threshold > 1) return;
    asking++;
    tallies.questions++;
    ask(route, question, source)
      .then((answer) => follow(route, answer, source, visitor, threshold))
      .catch((error: unknown) => {
        tallies.unanswered++;
        warn('the origin could not be asked what comes next', { route, error });
      })
      .finally(() => {
        asking--;
      });
  }

  function followLearned(
    all: readonly { readonly name: string; readonly likelihood: number }[],
    source: Source,
    visitorOf: (route: string) => Visitor | null,
  ): void {
    const byRoute = Map.groupBy(all, ({ name }) => name.slice(0, name.indexOf(' ')));
    for (const [route, rows] of byRoute) {
      const visitor = visitorOf(route);
      if (visitor !== null) follow(route, rows.map(foreseenOf), source, visitor);
    }
  }

  function follow(
    route: string,
    foreseen: readonly Foreseen[],
    source: Source,
    visitor: Visitor,
    threshold = score.threshold(source, route),
  ): void {
    void followAll({ route, source, threshold }, foreseen, visitor).catch((error: unknown) =>
      warn('what is foreseen could not be followed', { route, error }),
    );
  }

  async function followAll(
    { route, source, threshold }: Pick<Wanted, 'route' | 'source'> & { readonly threshold: number },
    foreseen: readonly Foreseen[],
    visitor: Visitor,
  ): Promise<void> {
    const tally = tallies.of[source];
    for (const [rank, each] of foreseen.entries()) {
      if (rank % atATime === atATime - 1) {
        pump();
        await new Promise((resolve) => setImmediate(resolve));
        if (isClosed) return;
      }
      const { likelihood = 1, bytes = usualBytes } = each;
      if (likelihood < threshold) tally.doubted++;
      else if (bytes <= limits().objectBytes) add(rank, each, { source, route, bytes }, visitor);
    }
    pump();
  }

  function add(
    rank: number,
    foreseen: Foreseen,
    wanted: Pick<Wanted, 'source' | 'route' | 'bytes'>,
    visitor: Visitor,
  ): void {
    const { source, route, bytes } = wanted;
    const prospect = look(route, foreseen, visitor, source);
    if (prospect === null) return;
    const { key, isElsewhere } = prospect;
    if (isElsewhere) {
      recent.note(key, 'elsewhere');
      return;
    }
    // Whoever has just asked for it has it, or is about to.
    if (brought.has(key) || queue.has(key) || recent.get(key) !== null) return;
    const tally = tallies.of[source];
    tally.foreseen++;
    if (!isRoomFor(bytes) || !queue.add(key, rank, { ...wanted, prospect, addedMs: clock.elapsed() }))
      tally.left++;
  }

  function isRoomFor(bytes: number): boolean {
    return brought.unusedBytes + bytes <= limits().roomBytes;
  }

  /** Begins what may begin. */
  function pump(): void {
    while (!isClosed && queue.size > 0 && allowance.mayBegin()) {
      const wanted = queue.take();
      if (wanted === null) break;
      const isStale = clock.elapsed() - wanted.addedMs > staleMs;
      if (isStale || !isRoomFor(wanted.bytes)) tallies.of[wanted.source].left++;
      else void fetch(wanted);
    }
    const waitMs = allowance.waitMs();
    if (isClosed || queue.size === 0 || waitMs === 0 || cancelWake !== null) return;
    cancelWake = clock.after(waitMs, () => {
      cancelWake = null;
      pump();
    });
  }

  async function fetch({ prospect, source, route, bytes }: Wanted): Promise<void> {
    const tally = tallies.of[source];
    const { key } = prospect;
    allowance.begin(bytes);
    brought.begin(key, source, route, bytes);
    tally.fetched++;
    let firstByteMs: number | null | 'failed' = null;
    let came = bytes;
    try {
      const fetched = await prospect.fetch();
      ({ firstByteMs } = fetched);
      came = fetched.bytes;
      tally.fetchedBytes += came;
      brought.arrived(key, came);
    } catch {
      // Whoever asks for it hears of what went wrong, and it is logged as a fill that failed.
      firstByteMs = 'failed';
      tally.failed++;
      brought.failed(key);
    }
    allowance.end(firstByteMs, came - bytes);
    pump();
  }

  /** What begins soon, by the time of day. */
  function lookAtClock(): void {
    cancelDue = clock.after(dueEveryMs, lookAtClock);
    if (learned === null) return;
    followLearned(learned.due(clock.now(), dueWithinMs), 'scheduled', (route) => {
      const last = lastOf.get(route);
      return last ? { ...last, identity: null } : null;
    });
  }

  return {
    asked,
    used: use,
    follow,
    bring(route, prospect, source, bytes) {
      tallies.of[source].foreseen++;
      if (
        !queue.add(prospect.key, urgent, { ...{ prospect, source, route, bytes }, addedMs: clock.elapsed() })
      )
        tallies.of[source].left++;
      pump();
    },
    followClue,
    turn(key) {
      if (allowance.others <= 0 || brought.isUsed(key)) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.after(turnMs, resolve);
      return promise;
    },
    others(by) {
      allowance.others += by;
      if (by < 0) pump();
    },
    popular: openPopular(),
    tallies,
    score,
    get state() {
      const { limit, underWay } = allowance;
      const { unusedBytes } = brought;
      const { precision: goal, atOnce, roomBytes } = limits();
      return {
        ...{ goal, sessions: sessions.size, waiting: queue.size, underWay, limit, atOnce },
        ...{ unusedBytes, roomBytes, learned: learned?.stats ?? null },
      };
    },
    close() {
      isClosed = true;
      cancelWake?.();
      cancelDue();
      brought.close();
      queue.clear();
    },
  };
}

/** `<route> <target> [<accept>]` */
function foreseenOf({ name, likelihood }: { readonly name: string; readonly likelihood: number }): Foreseen {
  const target = name.indexOf(' ') + 1;
  const end = name.indexOf(' ', target);
  if (end < 0) return { target: name.slice(target), likelihood };
  return { target: name.slice(target, end), accept: name.slice(end + 1), likelihood };
}
