/**
 * For how long nothing is known for sure of what the origin has written down about access. That the bus is there does not say it: the
 * origin may be cut off from it, or have a change left to tell that it could not tell while the bus was away. So the origin
 * is asked now and then whether the bus has all of it.
 *
 * An origin that is away itself changes nothing: then it is enough to hear the bus. But who has once been without news for the
 * time of trust has it from the origin that all is told, and reads all of it again, before he lets anybody in.
 */
import type { Clock } from '../../clock.ts';

export interface Heard {
  /** ms. */
  readonly unheardMs: number;
  close(): void;
}

export interface HeardOptions {
  /** For how long it has not been certain that the node hears the bus, ms. */
  readonly busUnheardMs: () => number;
  /** Beyond which no token is good, ms. */
  readonly trustMs: () => number;
  /** Whether the bus has all that the origin knew when it was asked. Fails where the origin cannot be asked. */
  readonly isTold: () => Promise<boolean>;
  /** Reads all that the bus has, from the beginning. */
  readonly readAgain: () => Promise<void>;
  readonly clock: Clock;
}

/** Asked this often, or four times within the time of trust where that is shorter; and while there is no trust. */
const everyMs = 30_000;
const doubtfulMs = 1_000;

export function openHeard({ busUnheardMs, trustMs, isTold, readAgain, clock }: HeardOptions): Heard {
  let provenMs = clock.elapsed();
  let isAway = true;
  let isDoubted = false;
  let isClosed = false;
  let cancel = () => {};
  tick();

  function unheardMs(): number {
    const own = clock.elapsed() - provenMs;
    const known = isDoubted || !isAway ? Math.max(own, busUnheardMs()) : busUnheardMs();
    if (known > trustMs()) isDoubted = true;
    // Until all has been read again, a bus that is back does not make up for what it could not tell.
    return isDoubted ? Math.max(known, trustMs() + 1) : known;
  }

  function tick(): void {
    unheardMs();
    void ask().then(() => {
      const often = isDoubted ? doubtfulMs : everyMs;
      if (!isClosed) cancel = clock.after(Math.min(often, trustMs() / 4), tick);
    });
  }

  async function ask(): Promise<void> {
    let askedMs = clock.elapsed();
    try {
      const told = await isTold();
      isAway = false;
      if (!told) return;
      if (isDoubted) {
        if (busUnheardMs() > trustMs()) return;
        await readAgain();
        // The bus may have gone, and come back without what was changed meanwhile, while it was read.
        askedMs = clock.elapsed();
        if (!(await isTold())) return;
      }
      provenMs = askedMs;
      isDoubted = false;
    } catch {
      isAway = true; // which requests for tokens that are not known say, too
    }
  }

  return {
    get unheardMs() {
      return unheardMs();
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}
