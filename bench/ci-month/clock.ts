/**
 * A clock for a month that is to pass in minutes. While somebody has something to do, it runs as the machine's own. When all wait for what takes
 * its time in this world alone, such as a link between two places, that is over at once. And it skips the hours in which nothing happens.
 */
import type { Clock } from '../../src/clock.ts';

export interface MonthClock extends Clock {
  /** The same time, for what need not be waited for: what is to run after a time by this one runs as soon as nobody looks at the clock. */
  readonly journeys: Clock;
  /** The same time, for what need not notice each time that is skipped: what becomes due so runs when time passes again, or after an hour. */
  readonly dozing: Clock;
  /** Nothing is on a journey, and nobody has looked at the clock for some ticks: whatever was begun is over, or waits for time to pass. */
  readonly isAtRest: boolean;
  /** So much later, at once. What has become due meanwhile runs once, in order, as on a machine that has slept. */
  skip(ms: number): void;
  close(): void;
}

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Journeys end together that end within so many ms: else there would be a pause before each. */
const gridMs = 5;
/** Whoever is at work looks at the clock more often. */
const tickMs = 1;
/** Who has just been given something to do has looked by then. */
const restTicks = 3;
/** A machine that has no time for this process does not make it late. */
const heldUpMs = 20;
const dozeMs = 3_600_000;
/** Who dozes is awake when so much has passed without being skipped. */
const awakeMs = 20;

export function openMonthClock(startMs: number): MonthClock {
  /** As of the last tick: what has passed, by this clock and by the machine's. */
  let passedMs = 0;
  let tickedMs = performance.now();
  let isLookedAt = false;
  let idleTicks = 0;
  const tasks = openTasks();
  const journeys = openTasks();
  const dozing = openTasks();
  let dozesUntilMs = 0;
  let skippedAtMs = 0;
  const ticker = setInterval(tick, tickMs);

  const passed = () => passedMs + Math.min(heldUpMs, performance.now() - tickedMs);

  function tick(): void {
    passedMs = passed();
    tickedMs = performance.now();
    const isIdle = !isLookedAt;
    isLookedAt = false;
    idleTicks = isIdle ? idleTicks + 1 : 0;
    const next = journeys.first;
    if (isIdle && next !== undefined) passedMs = Math.max(passedMs, next.dueMs);
    runDue();
  }

  function runDue(): void {
    const untilMs = passed();
    const isAwake = untilMs >= Math.min(dozesUntilMs, skippedAtMs + awakeMs);
    if (isAwake) dozesUntilMs = untilMs + dozeMs;
    const of = isAwake ? [tasks, journeys, dozing] : [tasks, journeys];
    for (;;) {
      const next = of.reduce((sofar, each) => (dueOf(each) < dueOf(sofar) ? each : sofar));
      if (dueOf(next) > untilMs) return;
      const task = next.takeFirst();
      if (!task.isCancelled) task.run();
    }
  }

  function elapsed(): number {
    isLookedAt = true;
    return passed();
  }

  const now = () => startMs + Math.floor(elapsed());
  const adding =
    (to: Tasks, roundMs: number): Clock['after'] =>
    (delayMs, run) => {
      const dueMs = elapsed() + Math.max(0, delayMs);
      const task = { dueMs: roundMs === 0 ? dueMs : Math.ceil(dueMs / roundMs) * roundMs, run };
      return to.add({ ...task, isCancelled: false });
    };

  return {
    ...{ now, elapsed },
    after: adding(tasks, 0),
    journeys: { now, elapsed, after: adding(journeys, gridMs) },
    dozing: { now, elapsed, after: adding(dozing, 0) },
    get isAtRest() {
      return idleTicks >= restTicks && journeys.first === undefined;
    },
    skip(ms) {
      idleTicks = 0;
      passedMs += ms;
      skippedAtMs = passed();
      runDue();
    },
    close: () => clearInterval(ticker),
  };
}

interface Tasks {
  readonly first: Task | undefined;
  /** Returns its cancellation. */
  add(task: Task): () => void;
  /** There has to be one. */
  takeFirst(): Task;
}

function dueOf({ first }: Tasks): number {
  return first?.dueMs ?? Number.POSITIVE_INFINITY;
}

/** By when they are due: a binary heap. */
function openTasks(): Tasks {
  const heap: Task[] = [];

  function swap(a: number, b: number): void {
    const kept = heap[a]!;
    heap[a] = heap[b]!;
    heap[b] = kept;
  }

  return {
    get first() {
      return heap[0];
    },
    add(task) {
      let at = heap.push(task) - 1;
      for (let above = (at - 1) >> 1; at > 0 && heap[above]!.dueMs > heap[at]!.dueMs; above = (at - 1) >> 1) {
        swap(at, above);
        at = above;
      }
      return () => {
        task.isCancelled = true;
      };
    },
    takeFirst() {
      const taken = heap[0]!;
      const last = heap.pop()!;
      if (heap.length === 0) return taken;
      heap[0] = last;
      for (let at = 0; ; ) {
        let least = at;
        for (const below of [2 * at + 1, 2 * at + 2])
          if (below < heap.length && heap[below]!.dueMs < heap[least]!.dueMs) least = below;
        if (least === at) return taken;
        swap(at, least);
        at = least;
      }
    },
  };
}
