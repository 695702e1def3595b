/**
 * Purges of what an origin finds changed at an upstream: gathered for a moment, each thing once however often it is found,
 * and not again for a while. What the bus does not take is tried again; until it does, the times of what is stored have to do.
 */
import type { Clock } from '../clock.ts';
import { isReadable } from '../messages/selector.ts';
import type { Change } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import type { Order } from './issue.ts';

/** Changes that are found within this time go out together. */
const gatherMs = 50;
/** The same thing is purged no more often than this. */
const restMs = 5_000;
/** Things that wait or rest; what is found beyond that is left to its times, as is what has a name that is far too long. */
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
  readonly log: { warn(message: string, fields: Record<string, unknown>): void };
}

interface Thing {
  readonly selector: Selector;
  /** Not before this time, by `Clock.elapsed()`. */
  dueMs: number;
  /** To be purged then: `null` while it only rests. */
  next: Wish | null;
}

interface Wish {
  readonly soft: boolean;
  /** This node has fetched it anew. */
  readonly seen: boolean;
}

export function gatherChanges({ issue, node, clock, log }: ChangesOptions): Changes {
  const things = new Map<string, Thing>();
  const counts = { issued: 0, dropped: 0 };
  let cancel: (() => void) | null = null;
  let isFailing = false;
  let isClosed = false;

  function report({ selectors, soft, seen }: Change): void {
    for (const selector of selectors)
      want(selector, { soft, seen: selector.by === 'key' && selector.key === seen });
    wake(gatherMs);
  }

  function want(selector: Selector, { soft, seen }: Wish): void {
    const name = JSON.stringify(selector);
    const thing = things.get(name) ?? { selector, dueMs: clock.elapsed() + gatherMs, next: null };
    if (!isReadable(selector) || (!things.has(name) && things.size >= maxThings)) {
      counts.dropped++;
      return;
    }
    things.set(name, thing);
    thing.next = {
      soft: soft && thing.next?.soft !== false,
      seen: seen && thing.next?.seen !== false,
    };
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
    const wishes = these.map(({ selector, next }) => ({ selector, soft, seen: next?.seen === true }));
    const selectors = wishes.map(({ selector }) => selector);
    const keys = wishes.flatMap(({ selector, seen }) =>
      seen && selector.by === 'key' ? [selector.key] : [],
    );
    const order = { selectors, soft, by: `${node}, which found it changed`, seen: { node, keys } };
    issue(order).then(
      () => {
        counts.issued += selectors.length;
        isFailing = false;
      },
      (error: unknown) => {
        if (isClosed) return;
        if (!isFailing)
          log.warn('what has changed upstream cannot be purged now; it is tried again', { error });
        isFailing = true;
        for (const wish of wishes) want(wish.selector, wish);
        wake(gatherMs);
      },
    );
  }

  return {
    report,
    counts,
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}
