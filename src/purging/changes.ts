/**
 * Purges of what an origin finds changed at an upstream: gathered for a moment, each thing once however often it is found,
 * and not again for a while. Where the bus cannot be reached, the times of what is stored have to do.
 */
import type { Clock } from '../clock.ts';
import type { Change } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { Order } from './issue.ts';

/** Changes that are found within this time go out together. */
const gatherMs = 50;
/** The same thing is purged no more often than this. */
const restMs = 5_000;
/** Things that wait or rest; what is found beyond that is left to its times. */
const maxThings = 65_536;
/** Selectors in one order. */
const maxSelectors = 1_000;

export interface Changes {
  /** Something has been found to be another than what has been given out. */
  report(change: Change): void;
  readonly counts: { issued: number; dropped: number };
  close(): void;
}

export interface ChangesOptions {
  readonly issue: (order: Order) => Promise<unknown>;
  readonly node: string;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

interface Thing {
  readonly selector: Selector;
  /** Not before this time, by `Clock.elapsed()`. */
  dueMs: number;
  /** To be purged then: `null` while it only rests. */
  next: { soft: boolean; seen: boolean } | null;
}

export function gatherChanges({ issue, node, clock, warn }: ChangesOptions): Changes {
  const things = new Map<string, Thing>();
  const counts = { issued: 0, dropped: 0 };
  let cancel: (() => void) | null = null;

  function report({ selectors, soft, seen }: Change): void {
    for (const selector of selectors) {
      const name = JSON.stringify(selector);
      const isSeen = selector.by === 'key' && selector.key === seen;
      const thing = things.get(name) ?? { selector, dueMs: clock.elapsed() + gatherMs, next: null };
      if (!things.has(name) && things.size >= maxThings) {
        counts.dropped++;
        continue;
      }
      things.set(name, thing);
      thing.next = {
        soft: soft && thing.next?.soft !== false,
        seen: isSeen && thing.next?.seen !== false,
      };
    }
    wake(gatherMs);
  }

  function wake(ms: number): void {
    cancel ??= clock.after(ms, () => {
      cancel = null;
      send();
    });
  }

  function send(): void {
    const nowMs = clock.elapsed();
    const due: Thing[] = [];
    for (const [name, thing] of things) {
      if (thing.dueMs > nowMs) continue;
      if (thing.next === null) things.delete(name);
      else if (due.length < maxSelectors) due.push(thing);
    }
    for (const soft of [true, false]) {
      const these = due.filter(({ next }) => next?.soft === soft);
      if (these.length > 0) publish(these, soft);
    }
    for (const thing of due) {
      thing.next = null;
      thing.dueMs = nowMs + restMs;
    }
    if (things.size > 0) wake(gatherMs);
  }

  function publish(these: readonly Thing[], soft: boolean): void {
    const selectors = these.map(({ selector }) => selector);
    const seen = these.flatMap(({ selector, next }) =>
      next?.seen && selector.by === 'key' ? [selector.key] : [],
    );
    counts.issued += selectors.length;
    const order = { selectors, soft, by: `${node}, which found it changed`, seen: { node, keys: seen } };
    issue(order).catch((error: unknown) => {
      counts.dropped += selectors.length;
      warn('what has changed upstream could not be purged; it is used for as long as it says', { error });
    });
  }

  return { report, counts, close: () => cancel?.() };
}
