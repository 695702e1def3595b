/**
 * Tells the nodes what has been written down, in order, and again after a restart or a bus that was away: a change is taken off
 * the list only once the bus has it. Several origins may do so at once; what is told twice does no harm.
 */
import { z } from 'zod';
import type { Bus } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import type { MetadataStore } from '../../store.ts';
import { read } from './documents.ts';
import { news, viewName } from './news.ts';

/** After the bus or the store has failed. */
const againMs = 1_000;
/** Another origin may have written something down and died. */
const lookMs = 30_000;
const atOnce = 256;

const untold = z.object({ key: z.string(), news });

export interface Teller {
  /** There is something to tell. */
  wake(): void;
  /** Resolves with `true` once all that was written down before is told, with `false` when that takes longer. */
  told(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface TellerOptions {
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openTeller({ metadata, bus, clock, warn }: TellerOptions): Teller {
  const view = bus.view(viewName);
  let running: Promise<void> | null = null;
  let isWanted = false;
  let isFailing = false;
  let isClosed = false;
  let cancel = () => {};
  wake();

  function wake(): void {
    isWanted = true;
    if (running !== null || isClosed) return;
    cancel();
    running = tellAll().finally(() => {
      running = null;
      if (!isClosed) cancel = clock.after(isFailing ? againMs : lookMs, wake);
    });
  }

  async function tellAll(): Promise<void> {
    try {
      while (isWanted && !isClosed) {
        isWanted = false;
        while (!isClosed && (await tellSome())) {}
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing && !isClosed)
        warn('nodes cannot be told of changed access now; it is tried again', { error });
      isFailing = true;
    }
  }

  /** @returns whether there may be more. */
  async function tellSome(): Promise<boolean> {
    const page = await metadata.scan(['access', 'untold'], { limit: atOnce });
    if (page.length === 0) return false;
    await view.putAll(
      new Map(
        page.map((document) => {
          const { key, news: value } = read(untold, document);
          return [key, value];
        }),
      ),
    );
    await metadata.transact(async (transaction) => {
      for (const { key } of page) await transaction.delete(key);
    });
    return page.length === atOnce;
  }

  return {
    wake,
    async told(withinMs) {
      wake();
      const { promise: late, resolve } = Promise.withResolvers<false>();
      const stop = clock.after(withinMs, () => resolve(false));
      const done = (running ?? Promise.resolve()).then(() => !isFailing);
      return Promise.race([done, late]).finally(stop);
    },
    async close() {
      isClosed = true;
      cancel();
      await running;
    },
  };
}
