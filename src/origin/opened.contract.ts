/** What the contract of every store begins and ends with: something that stores are opened on, one that is open, and names for samples. */
import { afterAll, beforeAll } from 'bun:test';

interface Subject<Store> {
  /** The same each time: as the next process would open it. */
  open(): Promise<Store>;
  stop(): Promise<void>;
}

/**
 * @param given is told before the first test.
 * @returns a number that no test has had before.
 */
export function openedForAll<Store extends { close(): Promise<void> }, Of extends Subject<Store>>(
  start: () => Promise<Of & Subject<Store>>,
  given: (subject: Of, store: Store) => void,
): () => number {
  let end = async () => {};
  let count = 0;
  beforeAll(async () => {
    const subject = await start();
    end = () => subject.stop();
    const store = await subject.open();
    end = async () => {
      await store.close();
      await subject.stop();
    };
    given(subject, store);
  }, 60_000);
  afterAll(() => end(), 30_000);
  return () => ++count;
}
