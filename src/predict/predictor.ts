/**
 * Brings to a PoP what its clients are going to ask for next. A request tells what its client is about; the protocol, the origin, or what was learned
 * say what follows; that is fetched within bounds, and judged by whether somebody comes for it.
 */
import type { Clue, Foreseen } from '../foresight.ts';
import type { PredictingState } from '../messages/predictions.ts';
import type { CacheKey } from '../resource.ts';
import { type Allowance, openAllowance } from './allowance.ts';
import { openBrought } from './brought.ts';
import { openExperience } from './experience.ts';
import { addressOf, type Noted, openFates } from './fates.ts';
import { type Following, openHeld } from './held.ts';
import { judging } from './judging.ts';
import { type Overheard, openOverheard } from './overheard.ts';
import { openPace } from './pace.ts';
import { openPopular, type Popular } from './popular.ts';
import { openQueue } from './queue.ts';
import { openRecent } from './recent.ts';
import { isNobodys, openScore, type Score, type Source } from './score.ts';
import type { Asker, Prospect, Surroundings, Visit, Whence } from './surroundings.ts';
import { openTallies, type Tallies } from './tallies.ts';
import { openSessions, type Session, type Visitor } from './visitor.ts';

export interface Predictor {
  /** Never fails. @returns whether it was foreseen: it is here, or on its way. */
  asked(visit: Visit): boolean;
  /** Somebody has come for this, by another way. @returns whether it was foreseen. */
  used(key: CacheKey, whence: Whence): boolean;
  /** Whether a hit of this is worth a look: all of them would cost more than they tell where there are very many. */
  isOfInterest(key: CacheKey): boolean;
  /** Follows what is foreseen, as far as it may. */
  follow(route: string, foreseen: readonly Foreseen[], source: Source, visitor: Visitor): void;
  /** Fetches this before anything else that is waiting, within the same bounds, unless it is being fetched already. */
  bring(route: string, prospect: Prospect, source: Source, bytes: number): void;
  /** Asks, and follows. */
  followClue(route: string, clue: Clue, source: Source, visitor: Visitor): void;
  /** Whether more of what is being fetched for nobody yet may come now; `null`: yes. Resolves when one may look again. */
  turn(key: CacheKey): Promise<void> | null;
  /** Whether this is fetched, or was, and no client has come for it so far. */
  isAwaited(key: CacheKey): boolean;
  /** What has become of this of late, as far as it was foreseen; `null`: it was not. */
  fateOf(key: CacheKey, route: string, target: string): Noted | null;
  /** A client waits for something that was not foreseen: to be called once more, with -1, when he has it. */
  others(by: 1 | -1): void;
  /** What is in steady use here. */
  readonly popular: Popular;
  readonly overheard: Overheard;
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
  readonly likelihood: number;
  readonly addedMs: number;
}

/** A rank before all others. */
const urgent = -1;
/** What is less likely is a guess, and not worth so many bytes. */
const certain = 0.75;
const longBytes = 1024 * 1024;
const mostWaiting = 16_384;
/** What has waited longer is asked for by its client before it is fetched, or not at all. */
const staleMs = 60_000;
/** Rows that are looked at before others get their turn. */
const atATime = 64;
/** At the beginning of a session, what follows is worth a look although memory has answered. */
const firstRequests = 8;
/** Where nobody knows: what the budget reckons with. */
const usualBytes = 32 * 1024;
/** Bodies of half a MiB at most. */
const mostOverheard = 64;
const mostQuestionsAtOnce = 8;
/** Begun before whatever else has come gets its turn: a client's request does not wait until all of a tree has been asked for. */
const mostBegunInTurn = 8;
/** While the way is full, a long body that nobody has come for comes in pieces, with such rests. */
const turnMs = 25;
/** Hits that are looked at, at most: 1,000 a second. */
const hitsPerTick = 50;
const tickMs = 50;

export function openPredictor(surroundings: Surroundings): Predictor {
  const { clock, limits, look, mayFollow, ask, way, learned, warn } = surroundings;
  const tallies = openTallies();
  const score = openScore(() => limits().precision);
  const allowance: Allowance = openAllowance({ clock, limits, way, hasRoom: pump });
  const queue = openQueue<Wanted>(mostWaiting);
  const recent = openRecent(clock);
  const held = openHeld({
    ...{ clock, keyOf: surroundings.keyOf },
    hasCome: (key) => recent.get(key) === 'asked' || brought.isUsed(key),
  });
  const fates = openFates({ clock, brought: (key) => brought.of(key), isWaiting: queue.has });
  const pace = openPace(clock, hitsPerTick, tickMs);
  const sessions = openSessions(() => learned?.trail() ?? null);
  const experience = openExperience({ clock, learned, follow });
  let asking = 0;
  let isClosed = false;
  let isPumpingSoon = false;
  let cancelWake: (() => void) | null = null;

  const brought = openBrought({
    clock,
    usableMs: () => limits().usableMs,
    unwanted: surroundings.unwanted,
    ...judging({ tallies, score, fates }),
  });

  function asked(visit: Visit): boolean {
    try {
      return note(visit);
    } catch (error) {
      warn('a request could not be looked into', { route: visit.route, error });
      return false;
    }
  }

  function note(visit: Visit): boolean {
    const { client, route, kind, key, name, whence, isWhole } = visit;
    const nowMs = clock.now();
    const session = sessions.of(client, nowMs);
    const lately = key === null ? null : recent.get(key);
    const isElsewhere = lately === 'elsewhere' || lately === 'guessed-elsewhere';
    const isForeseen = key !== null && (used(key, whence) || isElsewhere);
    // What is renewed is here for all, and not because this client was about to come.
    const isPlanned = isForeseen && brought.of(key)?.source !== 'renewed';
    const isHit = whence === 'memory';
    if (key !== null && !isForeseen && isWhole) recent.note(key, 'asked');
    if (learned !== null && session.trail !== null && name !== null) learned.saw(session.trail, name, nowMs);
    const isGuess = isPlanned && (isAGuess(brought.of(key)) || lately === 'guessed-elsewhere');
    if (isGuess || (!isPlanned && (!isHit || session.requests < firstRequests))) {
      const visitor = visit.visitor();
      experience.heard(route, visitor);
      const found = isHit && !isGuess ? null : visit.clue(session.doing(route));
      const clue = isGuess && found?.settles !== true ? null : found;
      // The request itself comes first.
      setImmediate(() => {
        if (isClosed) return;
        if (name !== null && !isPlanned) experience.followFrom(name, nowMs, session.trail, visitor);
        if (clue === null || !isNewTo(session, route, clue)) return;
        followFrom(route, clue, { source: 'known', visitor, isServed: whence === 'here' });
      });
    }
    session.noted(route, kind);
    return isForeseen;
  }

  function used(key: CacheKey, whence: Whence): boolean {
    queue.drop(key);
    // It has gone before anybody came for it: purged, evicted, too old.
    if (whence === 'parent' && brought.isHere(key)) brought.lost(key);
    const isForeseen = brought.has(key);
    brought.use(key);
    for (const shown of held.shownBy(key)) setImmediate(() => followRows(shown));
    if (!isForeseen && whence === 'parent') tallies.unforeseen++;
    return isForeseen;
  }

  /** What a session has led to already, it does not lead to again. Where too much is being asked, its next request may ask. */
  function isNewTo(session: Session, route: string, { question }: Clue): boolean {
    const isAsked = question === null || asking >= mostQuestionsAtOnce;
    return isAsked || session.mayAsk(`${route} ${question}`);
  }

  function followFrom(route: string, { question, foreseen }: Clue, by: Asker): void {
    const { source, visitor } = by;
    if (isClosed || (foreseen.length === 0 && question === null)) return;
    const threshold = score.threshold(source, route);
    if (foreseen.length > 0) follow(route, foreseen, source, visitor, threshold);
    if (question === null || asking >= mostQuestionsAtOnce || threshold > 1) return;
    asking++;
    tallies.questions++;
    ask(route, question, by)
      .then((answer) => follow(route, answer, source, visitor, threshold))
      .catch((error: unknown) => {
        tallies.unanswered++;
        warn('the origin could not be asked what comes next', { route, error });
      })
      .finally(() => {
        asking--;
      });
  }

  function follow(
    route: string,
    foreseen: readonly Foreseen[],
    source: Source,
    visitor: Visitor,
    threshold = score.threshold(source, route),
  ): void {
    followRows({ route, source, threshold, visitor, foreseen, rank: 0 });
  }

  function followRows(following: Following): void {
    void followAll(following).catch((error: unknown) =>
      warn('what is foreseen could not be followed', { route: following.route, error }),
    );
  }

  async function followAll(following: Following): Promise<void> {
    const { route, source, threshold, visitor, foreseen } = following;
    const tally = tallies.of[source];
    // What no client has led to tells none of them what comes with it: then each is looked at for itself.
    const may = isNobodys(source) || mayFollow(route, foreseen, visitor);
    if (!(may instanceof Promise ? await may : may)) return;
    const isShown = held.holdBack(following);
    for (const [at, each] of foreseen.entries()) {
      if (at % atATime === atATime - 1) {
        pump();
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (isClosed) return;
      if (!isShown(each)) {
        fates.note(addressOf(route, each.target), source, 'held');
        continue;
      }
      const { likelihood = 1, bytes = usualBytes } = each;
      const isDoubted = likelihood < (bytes > longBytes ? Math.max(threshold, certain) : threshold);
      if (isDoubted) tally.doubted++;
      if (!isDoubted && bytes <= limits().objectBytes)
        add(following.rank + at, each, { source, route, bytes, likelihood }, visitor);
      else fates.note(addressOf(route, each.target), source, isDoubted ? 'doubted' : 'long');
    }
    pump();
  }

  function add(
    rank: number,
    foreseen: Foreseen,
    wanted: Omit<Wanted, 'prospect' | 'addedMs'>,
    visitor: Visitor,
  ): void {
    const { source, route, bytes } = wanted;
    const prospect = look(route, foreseen, visitor, source);
    if (prospect === null) return;
    const { key } = prospect;
    // Whoever has just asked for it has it, or is about to; and who keeps it need not be told twice.
    if (brought.has(key) || queue.has(key) || recent.get(key) !== null) return;
    if ('tell' in prospect) {
      recent.note(key, isAGuess(wanted) ? 'guessed-elsewhere' : 'elsewhere');
      prospect.tell();
      return;
    }
    const tally = tallies.of[source];
    tally.foreseen++;
    if (isRoomFor(bytes) && queue.add(key, rank, { ...wanted, prospect, addedMs: clock.elapsed() }))
      fates.note(key, source, 'waiting');
    else leave(key, source, 'room');
  }

  function leave(key: CacheKey, source: Source, why: 'room' | 'late'): void {
    tallies.of[source].left++;
    fates.note(key, source, why);
  }

  function isRoomFor(bytes: number): boolean {
    return brought.unusedBytes + bytes <= limits().roomBytes;
  }

  /** Begins what may begin. */
  function pump(): void {
    if (isPumpingSoon) return;
    let begun = 0;
    while (!isClosed && queue.size > 0 && allowance.mayBegin()) {
      if (begun === mostBegunInTurn) {
        pumpSoon();
        return;
      }
      const wanted = queue.take();
      if (wanted === null) break;
      const isStale = clock.elapsed() - wanted.addedMs > staleMs;
      if (isStale || !isRoomFor(wanted.bytes)) {
        leave(wanted.prospect.key, wanted.source, isStale ? 'late' : 'room');
        continue;
      }
      begun++;
      void fetch(wanted);
    }
    const waitMs = allowance.waitMs();
    if (isClosed || queue.size === 0 || waitMs === 0 || cancelWake !== null) return;
    cancelWake = clock.after(waitMs, () => {
      cancelWake = null;
      pump();
    });
  }

  function pumpSoon(): void {
    isPumpingSoon = true;
    setImmediate(() => {
      isPumpingSoon = false;
      pump();
    });
  }

  async function fetch(wanted: Wanted): Promise<void> {
    const { prospect, source, bytes } = wanted;
    const tally = tallies.of[source];
    const { key } = prospect;
    const underWay = allowance.begin(bytes);
    brought.begin(key, wanted);
    let failed = false;
    let came = 0;
    try {
      const fetched = await prospect.fetch(underWay);
      // Without that, somebody else has fetched it, or is about to.
      const hasAsked = fetched.firstByteMs !== null;
      if (hasAsked) {
        came = fetched.bytes;
        tally.fetched++;
        tally.fetchedBytes += came;
        brought.arrived(key, came);
        if (!fetched.isKept) brought.lost(key);
      } else brought.dismiss(key);
    } catch {
      // Whoever asks for it hears of what went wrong, and it is logged as a fill that failed.
      tally.fetched++;
      tally.failed++;
      fates.note(key, source, 'failed');
      // It may have been given up because a client who came for it has left.
      failed = !brought.isUsed(key);
      brought.dismiss(key);
    }
    underWay.end(came, failed);
    pump();
  }

  return {
    asked,
    used,
    isOfInterest: (key) => brought.isAwaited(key) || pace.mayGo(),
    follow,
    bring(route, prospect, source, bytes) {
      const { key } = prospect;
      if (queue.has(key) || brought.isOnItsWay(key)) return;
      const tally = tallies.of[source];
      if (score.threshold(source, route) > 1) {
        tally.doubted++;
        fates.note(key, source, 'doubted');
        return;
      }
      tally.foreseen++;
      const wanted = { prospect, source, route, bytes, likelihood: 1, addedMs: clock.elapsed() };
      if (isClosed || !queue.add(key, urgent, wanted)) tally.left++;
      pump();
    },
    followClue: (route, clue, source, visitor) =>
      followFrom(route, clue, { source, visitor, isServed: false }),
    isAwaited: brought.isAwaited,
    fateOf: fates.last,
    turn(key) {
      if (isClosed || !allowance.mustRest || brought.isUsed(key)) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.after(turnMs, resolve);
      return promise;
    },
    others(by) {
      allowance.others += by;
      if (by < 0) pump();
    },
    popular: openPopular(),
    overheard: openOverheard(mostOverheard),
    tallies,
    score,
    get state() {
      const { bytes: windowBytes, underWay } = allowance;
      const { unusedBytes } = brought;
      const { precision: goal, atOnce, roomBytes } = limits();
      return {
        ...{ goal, sessions: sessions.size, waiting: queue.size, underWay, windowBytes, atOnce },
        ...{ unusedBytes, roomBytes, learned: learned?.stats ?? null },
      };
    },
    close() {
      isClosed = true;
      cancelWake?.();
      experience.close();
      allowance.close();
      brought.close();
      queue.clear();
    },
  };
}

function isAGuess(foreseen: Pick<Wanted, 'source' | 'likelihood'> | null): boolean {
  return foreseen !== null && foreseen.source === 'known' && foreseen.likelihood < certain;
}
