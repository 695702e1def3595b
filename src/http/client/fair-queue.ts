/**
 * Those who wait, each on behalf of somebody: everybody has a turn before anybody has the next one, so that one who
 * wants much does not keep out those who want little.
 */
export class FairQueue<Waiter> {
  /** Whoever stands first has the next turn. Each has one waiter at least. */
  readonly #lines = new Map<string, Set<Waiter>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(on: string, waiter: Waiter): void {
    const line = this.#lines.get(on);
    if (line) line.add(waiter);
    else this.#lines.set(on, new Set([waiter]));
    this.#size++;
  }

  /** Whether it was still waiting. */
  delete(on: string, waiter: Waiter): boolean {
    const line = this.#lines.get(on);
    if (!line?.delete(waiter)) return false;
    this.#size--;
    if (line.size === 0) this.#lines.delete(on);
    return true;
  }

  take(): Waiter | undefined {
    for (const [on, line] of this.#lines) {
      this.#lines.delete(on);
      for (const waiter of line) {
        line.delete(waiter);
        this.#size--;
        if (line.size > 0) this.#lines.set(on, line);
        return waiter;
      }
    }
    return undefined;
  }
}
