/**
 * Derivations in flight, by package. A package's two forms and its index have three cache keys, but one
 * upstream document makes them all; who asks for one while another is being made shares the round trip.
 *
 * A derivation hands out each part at most once. The origin's cache already collapses those who ask for
 * the same key, so a second request for the same part means that the first one's answer is not wanted any
 * more (it was purged, or cut off), and only a new round trip will do.
 */
import type { Fetched } from './fetch-packument.ts';
import type { Form } from './form.ts';
import type { Source } from './source.ts';

export type Part = Form | 'index';

interface Derivation {
  readonly handedOut: Set<Part>;
  readonly done: Promise<Fetched>;
  readonly stop: AbortController;
  /** The number of the newest purge when it began. */
  readonly asOf: number;
  /** Those who still want it. */
  waiting: number;
}

export interface Derivations {
  /**
   * @param stored what the asker's stored part was made of.
   * @param signal of the asker. The round trip stops when all who share it have left.
   * @param keepFor holds the derivation open for others once it is there, until this has settled.
   */
  take(
    name: string,
    part: Part,
    stored: Source | null,
    signal: AbortSignal,
    fetch: (signal: AbortSignal) => Promise<Fetched>,
    keepFor?: (fetched: Fetched) => Promise<void>,
    purges?: Purges,
  ): Promise<Fetched>;
}

/** What was being fetched when a purge came is too old for whoever asks after it. */
export interface Purges {
  readonly newest: number;
  /** Whether none since the one with this number is about what the asker wants. */
  spare(since: number): boolean;
}

const none: Purges = { newest: 0, spare: () => true };

export function openDerivations(): Derivations {
  const running = new Map<string, Derivation>();

  function start(
    name: string,
    fetch: (signal: AbortSignal) => Promise<Fetched>,
    keepFor: (fetched: Fetched) => Promise<void>,
    asOf: number,
  ): Derivation {
    const stop = new AbortController();
    const done = fetch(stop.signal);
    const derivation: Derivation = { handedOut: new Set(), done, stop, asOf, waiting: 0 };
    running.set(name, derivation);
    const forget = () => {
      if (running.get(name) === derivation) running.delete(name);
    };
    // Failures reach those who wait for `done`; here they only end the derivation.
    done.then(keepFor).then(forget, forget);
    return derivation;
  }

  return {
    async take(name, part, stored, signal, fetch, keepFor = async () => {}, purges = none) {
      const shared = running.get(name);
      const isOpen = shared !== undefined && !shared.handedOut.has(part) && !shared.stop.signal.aborted;
      if (isOpen && purges.spare(shared.asOf)) {
        const fetched = await waitFor(shared, part, signal);
        if (serves(fetched, part, stored)) return fetched;
      }
      return waitFor(start(name, fetch, keepFor, purges.newest), part, signal);
    },
  };
}

/** Whether an answer that was fetched on behalf of another part answers for this one too. */
function serves(fetched: Fetched, part: Part, stored: Source | null): boolean {
  switch (fetched.as) {
    case 'error':
      return true;
    case 'unchanged':
      return stored?.sha256 === fetched.source.sha256;
    case 'derived':
      return part !== 'full' || fetched.documents.full !== null;
  }
}

function waitFor(derivation: Derivation, part: Part, signal: AbortSignal): Promise<Fetched> {
  derivation.handedOut.add(part);
  derivation.waiting++;
  return new Promise((resolve, reject) => {
    const leave = () => {
      derivation.waiting--;
      if (derivation.waiting === 0) derivation.stop.abort(signal.reason);
      reject(signal.reason);
    };
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    derivation.done.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
