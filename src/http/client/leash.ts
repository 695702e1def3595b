/**
 * What a request can be ended by besides its signal. For those who hardly ever do: a leash costs one object, where a
 * signal of its own for each request costs more than all else that is decided about it.
 */
export class Leash {
  #stop: ((reason: unknown) => void) | null = null;
  #pulled: { readonly reason: unknown } | null = null;

  /** Why it has been pulled, or `null`. */
  get pulled(): { readonly reason: unknown } | null {
    return this.#pulled;
  }

  /** `stop` is called when it is pulled, or has been; only the last one that was given. */
  hold(stop: (reason: unknown) => void): void {
    this.#stop = stop;
    if (this.#pulled) stop(this.#pulled.reason);
  }

  pull(reason: unknown): void {
    if (this.#pulled) return;
    this.#pulled = { reason };
    this.#stop?.(reason);
  }
}
