/**
 * A clock for a month that is to pass in minutes: it runs some times as fast as the machine's own, so that what takes its time, such as
 * a link between two places, can be gone through in less of it; and it skips the hours in which nothing happens.
 */
import type { Clock } from '../../src/clock.ts';

export interface MonthClock extends Clock {
  /** So much later, at once. What has become due meanwhile runs once, in order, as on a machine that has slept. */
  skip(ms: number): void;
  close(): void;
}

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
}

/** @param speed how much faster than the machine's own clock. */
export function openMonthClock(startMs: number, speed: number): MonthClock {
  const beganMs = performance.now();
  let skippedMs = 0;
  /** By when they are due. */
  const heap: Task[] = [];
  const cancelled = new WeakSet<Task>();
  const ticker = setInterval(runDue, 1);

  const elapsed = () => (performance.now() - beganMs) * speed + skippedMs;

  function swap(a: number, b: number): void {
    const kept = heap[a]!;
    heap[a] = heap[b]!;
    heap[b] = kept;
  }

  function add(task: Task): void {
    let at = heap.push(task) - 1;
    for (let above = (at - 1) >> 1; at > 0 && heap[above]!.dueMs > heap[at]!.dueMs; above = (at - 1) >> 1) {
      swap(at, above);
      at = above;
    }
  }

  function takeFirst(): void {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && heap[below]!.dueMs < heap[least]!.dueMs) least = below;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  }

  function runDue(): void {
    const untilMs = elapsed();
    for (let first = heap[0]; first !== undefined && first.dueMs <= untilMs; first = heap[0]) {
      takeFirst();
      if (!cancelled.has(first)) first.run();
    }
  }

  return {
    now: () => startMs + Math.floor(elapsed()),
    elapsed,
    after(delayMs, run) {
      const task = { dueMs: elapsed() + Math.max(0, delayMs), run };
      add(task);
      return () => void cancelled.add(task);
    },
    skip(ms) {
      skippedMs += ms;
      runDue();
    },
    close: () => clearInterval(ticker),
  };
}
