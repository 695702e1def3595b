/** Goes through a list, a few at a time, until all is done, something fails, or it is called off. */
export async function sideBySide<Each>(
  all: readonly Each[],
  atOnce: number,
  signal: AbortSignal,
  work: (each: Each) => Promise<void>,
): Promise<void> {
  const queue = all.values();
  async function next(): Promise<void> {
    for (const each of queue) {
      signal.throwIfAborted();
      await work(each);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, next));
}
