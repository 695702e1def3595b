/** Waiting for something to become true: by looking often, and never for longer than a bound. */

export interface WaitOptions {
  /** Default: 10 s. */
  readonly withinMs?: number;
  /** Default: 20 ms. */
  readonly everyMs?: number;
}

/**
 * What `probe` gives, as soon as that is neither `undefined`, `null` nor `false`.
 * @param what completes "waited … for", in the error when it does not happen.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  { withinMs = 10_000, everyMs = 20 }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await Bun.sleep(everyMs);
  }
}

/** The promise's value, or an error when it takes longer than the bound. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
