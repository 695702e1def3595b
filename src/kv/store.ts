/**
 * A key/value server near a node, for copies of stored responses. Each driver is a file of this folder; `store.contract.ts` is the
 * definition that all of them are held to. What a driver is given is a copy and may be lost at any time.
 *
 * Every method fails when the server cannot be reached, and connects again by itself when it is called the next time. None of them has
 * a time limit of its own.
 */
import type { Clock } from '../clock.ts';
import type { TlsFiles } from '../server-tls.ts';

export interface KvStore {
  /** As it was put, whole; `null`: there is none, or no longer. */
  get(name: string): Promise<Uint8Array | null>;
  /** Replaces what there is. @param value at most `valueBytes`. */
  put(name: string, value: Uint8Array, lifetimeMs: number): Promise<void>;
  delete(name: string): Promise<void>;
  /**
   * A long value, as it comes. `null`: there is nothing of it. Where a part is missing, the stream ends early or fails: whoever
   * reads it knows how long it has to be.
   */
  read(name: string): Promise<ReadableStream<Uint8Array> | null>;
  /** Resolves when all of it has arrived there. When `body` fails, nothing of it is left, as far as the server can be reached. */
  write(name: string, body: ReadableStream<Uint8Array>, lifetimeMs: number): Promise<void>;
  /** Where the server's marks are now. Sees every mark that was made before, by whomever. */
  standing(names: readonly string[]): Promise<Standing>;
  /** Marks these names with a new place, higher than that of every mark before, and than every `newest` that was told before. */
  mark(names: readonly string[]): Promise<void>;
  /** Leaves the connections that there are; what is under way on them may fail. The next call makes new ones. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * Marks say from when on something is valid: what was asked for at a place before its mark is not. So a purge is one small write,
 * and no clock of a node matters.
 */
export interface Standing {
  /** Which marks these are: other ones once any of them may have been lost, and then nothing from before can be judged. */
  readonly log: string;
  /** The highest place so far; 0 where there is none. */
  readonly newest: number;
  /** The place of each name, in the order asked for; 0: not marked for as long as marks are kept. */
  readonly marked: readonly number[];
}

export interface KvStoreOptions {
  /** With scheme, host and port. Several servers of one cluster are separated by commas. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** What this store's names begin with, or what its buckets are called: letters, digits, dashes. */
  readonly space: string;
  /** Nothing is kept for longer. */
  readonly lifetimeMs: number;
  readonly clock: Clock;
}

/** Longest value of `put`, in bytes. */
export const valueBytes = 512 * 1024;
/** Marks that are kept at once. Beyond it, all of them are replaced by a new log, in which nothing from before is valid. */
export const maxMarks = 65_536;
/** Marks outlive what they are about, which was asked for at most so long before it was put. */
const askedBeforeMs = 60 * 60_000;

export function markLifetimeMs({ lifetimeMs }: KvStoreOptions): number {
  return lifetimeMs + askedBeforeMs;
}
