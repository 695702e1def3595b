/**
 * Orders that come while others are being written to the bus go together in one event: so many small ones cost little more
 * than one, and one by itself waits for nothing.
 */
import type { Position } from '../bus.ts';
import type { Selector } from '../purge.ts';

/** Events under way at once. More would only make smaller ones. */
const maxUnderWay = 2;
/** Selectors in one event. */
const maxSelectors = 1_000;
/** Orders that wait for their turn; who comes then goes by himself. */
const maxWaiting = 100_000;

export interface SmallOrder {
  readonly selectors: readonly Selector[];
  readonly soft: boolean;
  readonly by: string;
}

interface Waiting {
  readonly order: SmallOrder;
  resolve(position: Position): void;
  reject(error: unknown): void;
}

export function gather(
  publish: (order: SmallOrder) => Promise<Position>,
): (order: SmallOrder) => Promise<Position> {
  const waiting: Waiting[] = [];
  let underWay = 0;

  function next(): void {
    const first = waiting[0];
    if (first === undefined || underWay >= maxUnderWay) return;
    const { soft, by } = first.order;
    let selectors = 0;
    let count = 0;
    for (const { order } of waiting) {
      selectors += order.selectors.length;
      if (order.soft !== soft || (count > 0 && selectors > maxSelectors)) break;
      count++;
    }
    const these = waiting.splice(0, count);
    const others = these.length > 1 ? `${by}, and ${these.length - 1} more` : by;
    underWay++;
    publish({ soft, by: others, selectors: these.flatMap(({ order }) => order.selectors) })
      .then(
        (position) => {
          for (const each of these) each.resolve(position);
        },
        (error: unknown) => {
          for (const each of these) each.reject(error);
        },
      )
      .finally(() => {
        underWay--;
        next();
      });
  }

  return (order) => {
    if (waiting.length >= maxWaiting) return publish(order);
    return new Promise((resolve, reject) => {
      waiting.push({ order, resolve, reject });
      next();
    });
  };
}
