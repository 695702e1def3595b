/**
 * A clock that stands still until a test moves it.
 */
import type { Clock } from '../../src/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves both clocks by so many milliseconds, and runs the tasks that become due, each at its own time. */
  advance(ms: number): void;
  /** Sets the wall clock alone, forward or back: by hand, or by a time server. Nothing becomes due by it. */
  set(byMs: number): void;
  /** Tasks that wait for their time. */
  readonly waiting: number;
}

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
}

/** @param startMs the wall clock at the beginning, milliseconds since the epoch. */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let elapsedMs = 0;
  let setByMs = 0;
  /** In the order in which they were given, which decides between tasks for the same instant. */
  const tasks = new Set<Task>();

  function nextUntil(untilMs: number): Task | undefined {
    let next: Task | undefined;
    for (const task of tasks) {
      if (task.dueMs <= untilMs && (next === undefined || task.dueMs < next.dueMs)) next = task;
    }
    return next;
  }

  return {
    now: () => startMs + setByMs + elapsedMs,
    elapsed: () => elapsedMs,
    after(delayMs, run) {
      const task = { dueMs: elapsedMs + Math.max(0, delayMs), run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    advance(ms) {
      const untilMs = elapsedMs + ms;
      for (let task = nextUntil(untilMs); task !== undefined; task = nextUntil(untilMs)) {
        tasks.delete(task);
        elapsedMs = task.dueMs;
        task.run();
      }
      elapsedMs = untilMs;
    },
    set(byMs) {
      setByMs += byMs;
    },
    get waiting() {
      return tasks.size;
    },
  };
}
