/**
 * How long ago a node is known to have been up to date: whenever it has come to what was the newest event when it last
 * asked. That holds whatever goes wrong on the way: a connection that is gone or only seems to live, a subscription
 * that stands still, a consumer that is too slow.
 */
import type { Position } from '../bus.ts';
import type { Clock } from '../clock.ts';

/** Asked this often, or four times within the time of trust where that is shorter. */
const everyMs = 1_000;
/** A question that has had no answer for this long is not waited for any more. */
const answerWithinMs = 5_000;

export interface Proof {
  /** The newest proof is young: there is no sign of anything wrong. */
  readonly isCurrent: boolean;
  /** There has been none for the time of trust. */
  readonly isDoubted: boolean;
  /** How long ago that was, ms. */
  readonly unprovenMs: number;
  /** The node was up to date at this time, by `Clock.elapsed()`. */
  provenSince(atMs: number): void;
  /** The node has come to another place. */
  moved(): void;
  /** There is no reason to trust what is kept. */
  doubtNow(): void;
  close(): void;
}

export interface ProofOptions {
  readonly newest: () => Promise<Position>;
  readonly reached: (at: Position) => boolean;
  readonly clock: Clock;
  readonly trustMs: number;
  /** There has been no proof for so long. Called again after each further time of trust. */
  readonly doubt: (unprovenMs: number) => void;
  /** There is one again. */
  readonly trust: () => void;
}

interface Question {
  readonly askedMs: number;
  /** What was the newest, once that is known. */
  at: Position | null;
}

export function watchProof({ newest, reached, clock, trustMs, doubt, trust }: ProofOptions): Proof {
  const tickMs = Math.min(everyMs, trustMs / 4);
  /** What is not reached by then may be in a log that is no more. */
  const reachWithinMs = Math.max(answerWithinMs, trustMs / 2);
  let provenMs = clock.elapsed();
  let doubtedMs: number | null = null;
  let open: Question | null = null;
  let cancel = clock.after(tickMs, tick);

  function provenSince(atMs: number): void {
    provenMs = Math.max(provenMs, atMs);
    if (doubtedMs === null || clock.elapsed() - provenMs > trustMs) return;
    doubtedMs = null;
    trust();
  }

  function ask(): void {
    const question: Question = { askedMs: clock.elapsed(), at: null };
    open = question;
    newest().then(
      (at) => {
        question.at = at;
        if (open === question) settle();
      },
      () => {
        // That there is no answer is what counts, and why is the bus's own business to log.
        if (open === question) open = null;
      },
    );
  }

  function settle(): void {
    if (open?.at == null || !reached(open.at)) return;
    const { askedMs } = open;
    open = null;
    provenSince(askedMs);
  }

  function tick(): void {
    cancel = clock.after(tickMs, tick);
    const nowMs = clock.elapsed();
    if (open && nowMs - open.askedMs > (open.at === null ? answerWithinMs : reachWithinMs)) open = null;
    if (open === null) ask();
    if (nowMs - Math.max(provenMs, doubtedMs ?? provenMs) > trustMs) doubtNow();
  }

  function doubtNow(): void {
    doubtedMs = clock.elapsed();
    doubt(doubtedMs - provenMs);
  }

  return {
    get isCurrent() {
      return doubtedMs === null && clock.elapsed() - provenMs <= 3 * tickMs;
    },
    get unprovenMs() {
      return clock.elapsed() - provenMs;
    },
    get isDoubted() {
      return doubtedMs !== null;
    },
    provenSince,
    moved: settle,
    doubtNow,
    close: () => cancel(),
  };
}
