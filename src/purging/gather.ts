/**
 * Orders that come while others are under way go together in one event: so many small ones cost little more than one, and one
 * by itself waits for nothing.
 */
import type { Selector } from '../purge.ts';

/** Events under way at once. More would only make smaller ones. One that nodes acknowledge is worth waiting for. */
const maxUnderWay = { alone: 2, acknowledged: 1 };
/** Selectors in one event. */
const maxSelectors = 1_000;
/** Orders that wait for their turn; who comes then goes by himself. */
const maxWaiting = 100_000;
/** An event that takes longer, because a node does not answer, holds up no others. */
const holdsUpMs = 20;

export interface SmallOrder {
  readonly selectors: readonly Selector[];
  readonly soft: boolean;
  readonly by: string;
  /** How long to wait for the nodes: only those who wait as long go together. Absent: not at all. */
  readonly waitMs?: number | undefined;
  /** Whether the nodes say when they have carried it out. */
  readonly acknowledge?: boolean | undefined;
}

interface Waiting<Result> {
  readonly order: SmallOrder;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export function gather<Result>(
  issue: (order: SmallOrder) => Promise<Result>,
  after: (delayMs: number, task: () => void) => () => void,
): (order: SmallOrder) => Promise<Result> {
  const waiting: Waiting<Result>[] = [];
  let underWay = 0;

  /** The next ones that go together, from the front. */
  function take(first: SmallOrder): readonly Waiting<Result>[] {
    let selectors = 0;
    let count = 0;
    for (const { order } of waiting) {
      selectors += order.selectors.length;
      const isOther =
        order.soft !== first.soft || order.waitMs !== first.waitMs || order.acknowledge !== first.acknowledge;
      if (isOther || (count > 0 && selectors > maxSelectors)) break;
      count++;
    }
    return waiting.splice(0, count);
  }

  /** Until it is done, or has taken so long that others do not wait for it. */
  function hold(): () => void {
    let isHeld = true;
    underWay++;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      cancel();
      underWay--;
      next();
    };
    const cancel = after(holdsUpMs, release);
    return release;
  }

  function next(): void {
    const first = waiting[0]?.order;
    if (first === undefined) return;
    if (underWay >= (first.waitMs === undefined ? maxUnderWay.alone : maxUnderWay.acknowledged)) return;
    const these = take(first);
    const by = these.length > 1 ? `${first.by}, and ${these.length - 1} more` : first.by;
    issue({ ...first, by, selectors: these.flatMap(({ order }) => order.selectors) })
      .then(
        (result) => {
          for (const each of these) each.resolve(result);
        },
        (error: unknown) => {
          for (const each of these) each.reject(error);
        },
      )
      .finally(hold());
  }

  return (order) => {
    if (waiting.length >= maxWaiting) return issue(order);
    return new Promise((resolve, reject) => {
      waiting.push({ order, resolve, reject });
      next();
    });
  };
}
