/** Long lists are gone through with a turn for everybody else from time to time: else they would hold up every other request. */

/** @returns to be called for each item: a pause to wait for after every `atOnce`, and `undefined` in between. */
export function pacer(atOnce: number): () => Promise<void> | undefined {
  let seen = 0;
  return () => (++seen % atOnce === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined);
}
