/**
 * Things to be done a little later, most of which are called off before that: one timer for all of them, and nothing to
 * set or clear for each.
 */
import type { Clock } from '../clock.ts';

export interface DueTask {
  /** Looked at when it is due. */
  readonly isOver: boolean;
  due(): void;
}

export interface Due {
  /** Runs the task after `delayMs`, or up to a few milliseconds later, unless it is over by then. */
  add(delayMs: number, task: DueTask): void;
}

/** More are not remembered: what is beyond goes without. */
const maxTasks = 65_536;

/** For delays that are nearly the same: each waits for those that were added before it. */
export function due(clock: Clock): Due {
  let tasks: { readonly atMs: number; readonly task: DueTask }[] = [];
  let next = 0;
  let isSet = false;

  function look(): void {
    isSet = false;
    const now = clock.elapsed();
    for (; next < tasks.length; next++) {
      const first = tasks[next];
      if (!first || first.task.isOver) continue;
      // Timers have no fractions, `elapsed` has.
      if (first.atMs > now + 0.5) break;
      first.task.due();
    }
    if (next === tasks.length || (next > 64 && next * 2 > tasks.length)) {
      tasks = tasks.slice(next);
      next = 0;
    }
    set(now);
  }

  function set(nowMs: number): void {
    const first = tasks[next];
    if (isSet || !first) return;
    isSet = true;
    clock.after(Math.max(1, first.atMs - nowMs), look);
  }

  return {
    add(delayMs, task) {
      if (tasks.length - next >= maxTasks) return;
      const now = clock.elapsed();
      tasks.push({ atMs: now + delayMs, task });
      set(now);
    },
  };
}
