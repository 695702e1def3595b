/**
 * Requests to the parent that are under way, by key: whoever comes while one is, waits for it instead of
 * sending another.
 */
import type { MeridianError } from '../errors.ts';
import type { Fill } from './fill.ts';
import type { Forwarding } from './served.ts';
import type { Stored } from './store.ts';

/** How a request to the parent ended, for those who waited for it. */
export type Landing =
  /** A response that may be shared is arriving. */
  | { readonly as: 'fill'; readonly fill: Fill; readonly forwarding: Forwarding }
  /** The stored response was confirmed. */
  | { readonly as: 'confirmed'; readonly stored: Stored; readonly forwarding: Forwarding }
  /** The response was for one request only: everybody asks for himself. */
  | { readonly as: 'unshared' }
  /** No response, or one that stands for a failure. */
  | { readonly as: 'failed'; readonly error: MeridianError; readonly status?: number };

export interface Flight {
  readonly landing: Promise<Landing>;
  /** Once it has landed with a fill: the fill. */
  fill: Fill | null;
}

export interface Flights {
  get(key: string): Flight | undefined;
  readonly size: number;
  /** Registers a flight; `land` ends the wait, and the flight stays until `until` has settled. */
  take(key: string): { land(landing: Landing, until?: Promise<unknown>): void };
}

export function flights(): Flights {
  const underWay = new Map<string, Flight>();
  return {
    get: (key) => underWay.get(key),
    get size() {
      return underWay.size;
    },
    take(key) {
      const { promise, resolve } = Promise.withResolvers<Landing>();
      const flight: Flight = { landing: promise, fill: null };
      underWay.set(key, flight);
      const leave = () => {
        if (underWay.get(key) === flight) underWay.delete(key);
      };
      return {
        land(landing, until) {
          if (landing.as === 'fill') flight.fill = landing.fill;
          if (until) until.then(leave, leave);
          else leave();
          resolve(landing);
        },
      };
    },
  };
}
