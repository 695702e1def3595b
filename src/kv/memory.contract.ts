/**
 * A key/value store for tests, which does what it is told to do wrong.
 */
import type { KvStore } from './store.ts';

export interface MemoryStore extends KvStore {
  /** What lies there, to be damaged: values, and parts of long ones. */
  readonly values: Map<string, Uint8Array>;
  readonly long: Map<string, Uint8Array[]>;
  /** From now on every call fails, or waits until it does not hang any more. */
  trouble: 'fails' | 'hangs' | null;
  /** Calls so far. */
  readonly calls: number;
  /** All marks are lost. */
  loseMarks(): void;
}

export function memoryStore(): MemoryStore {
  const values = new Map<string, Uint8Array>();
  const long = new Map<string, Uint8Array[]>();
  const marks = new Map<string, number>();
  let newest = 0;
  let log = 1;
  let calls = 0;

  async function called(): Promise<void> {
    calls++;
    if (self.trouble === 'fails') throw new Error('out of order');
    if (self.trouble === 'hangs') await new Promise(() => undefined);
  }

  const self: MemoryStore = {
    values,
    long,
    trouble: null,
    get calls() {
      return calls;
    },
    loseMarks() {
      marks.clear();
      log++;
    },
    async get(name) {
      await called();
      return values.get(name) ?? null;
    },
    async put(name, value) {
      await called();
      values.set(name, value);
    },
    async delete(name) {
      await called();
      values.delete(name);
    },
    async read(name) {
      await called();
      const parts = long.get(name);
      if (!parts) return null;
      return new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
    },
    async write(name, body) {
      await called();
      const parts: Uint8Array[] = [];
      for await (const part of body) {
        await called();
        parts.push(part);
      }
      long.set(name, parts);
    },
    async standing(names) {
      await called();
      return { log: String(log), newest, marked: names.map((name) => marks.get(name) ?? 0) };
    },
    async mark(names) {
      await called();
      newest++;
      for (const name of names) marks.set(name, newest);
    },
    reset() {},
    async close() {},
  };
  return self;
}
