/**
 * Takes the disk out of use for a while after a failure, so that a broken one costs a node its speed and never
 * its answers.
 */
import type { Clock } from '../../clock.ts';

/** How long the tier stays out of use after a failure. */
const suspensionMs = 10_000;

export interface Guard {
  /** Whether the disk is in use. */
  readonly usable: boolean;
  readonly closed: boolean;
  readonly errors: number;
  failed(error: unknown): void;
  /** Runs `work` unless the disk is out of use; a failure becomes `otherwise`. */
  run<T>(otherwise: T, work: () => T): T;
  runLater<T>(otherwise: T, work: () => Promise<T>): Promise<T>;
  close(): void;
}

export function guard(clock: Clock, warn: (message: string, fields: Record<string, unknown>) => void): Guard {
  let suspendedUntilMs = Number.NEGATIVE_INFINITY;
  let closed = false;
  let errors = 0;

  const isUsable = () => !closed && clock.elapsed() >= suspendedUntilMs;

  function failed(error: unknown): void {
    if (closed) return;
    errors++;
    suspendedUntilMs = clock.elapsed() + suspensionMs;
    warn('the disk cache failed and is out of use for a while', { error, forMs: suspensionMs });
  }

  return {
    get usable() {
      return isUsable();
    },
    get closed() {
      return closed;
    },
    get errors() {
      return errors;
    },
    failed,

    run(otherwise, work) {
      if (!isUsable()) return otherwise;
      try {
        return work();
      } catch (error) {
        failed(error);
        return otherwise;
      }
    },

    async runLater(otherwise, work) {
      if (!isUsable()) return otherwise;
      try {
        return await work();
      } catch (error) {
        failed(error);
        return otherwise;
      }
    },

    close() {
      closed = true;
    },
  };
}
