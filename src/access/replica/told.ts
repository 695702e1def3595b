/**
 * Records by name as they are told on the bus: the newest of each counts, in whatever order they come, and what is no
 * longer told when all is told again is gone.
 */
export interface Told<Value> {
  readonly values: ReadonlyMap<string, Value>;
  /** @param value `null`: it is gone. */
  set(name: string, order: number, value: Value | null): void;
  /** That it is gone need not be remembered any more. */
  forgetGone(name: string): void;
  /** Everything set from now on counts as seen. */
  beginRound(): void;
  /** Forgets what has not been set since the round began. */
  endRound(): void;
}

export function told<Value>(): Told<Value> {
  const values = new Map<string, Value>();
  const orders = new Map<string, number>();
  const seen = new Set<string>();
  return {
    values,
    set(name, order, value) {
      seen.add(name);
      if (order <= (orders.get(name) ?? 0)) return;
      orders.set(name, order);
      if (value === null) values.delete(name);
      else values.set(name, value);
    },
    forgetGone(name) {
      if (values.has(name)) return;
      orders.delete(name);
      seen.delete(name);
    },
    beginRound: () => seen.clear(),
    endRound() {
      for (const name of orders.keys()) {
        if (seen.has(name)) continue;
        orders.delete(name);
        values.delete(name);
      }
    },
  };
}
