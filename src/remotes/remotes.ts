/**
 * The origin's manners towards the servers beyond the network: it keeps to a rate, and leaves alone for a while whoever
 * asks for that. What one origin is told, the others hear of (`told`, `tell`).
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type Quota, quotaIn } from './quota.ts';
import { type Rate, type RateLimit, rate } from './rate.ts';
import { pauseAskedFor } from './retry-after.ts';

export interface RemoteLimits {
  /** `null`: no limit. */
  readonly rate: RateLimit | null;
  /** Milliseconds that a request may wait for its turn. */
  readonly patienceMs: number;
  /** Milliseconds; who asks to be left alone for longer is asked again after that. */
  readonly maxPauseMs: number;
}

export interface Remotes {
  /**
   * Resolves when the server may be asked. Fails with `upstream-limiting` while it wants to be left alone, or when the
   * turn would come too late; with the reason of the abort.
   *
   * @param server scheme, host and port.
   */
  turn(server: string, signal: AbortSignal): Promise<void> | null;
  /** Takes note of what it has answered. */
  answered(server: string, answer: Answer): void;
  /** Another origin has been told. @param untilMs milliseconds since the epoch. */
  told(server: string, untilMs: number): void;
  /** For how long a server still wants to be left alone, ms; 0 for one that does not, or is not known. */
  pausedMs(server: string): number;
  /** What it has said last of what it grants; `null`: nothing. */
  quota(server: string): Quota | null;
  /** Other limits, from now on. */
  retune(limits: RemoteLimits): void;
}

/** Servers whose pace is known at once. */
const maxServers = 4096;

interface Known {
  rate: Rate | null;
  /** Milliseconds since the epoch. */
  pausedUntilMs: number;
  quota: Quota | null;
}

export function remotes(
  limits: RemoteLimits,
  clock: Clock,
  tell: (server: string, untilMs: number) => void,
): Remotes {
  let current = limits;
  const known = new Map<string, Known>();

  function at(server: string): Known {
    const before = known.get(server);
    if (before) return before;
    if (known.size >= maxServers) {
      const now = clock.now();
      for (const [name, { pausedUntilMs }] of known) if (pausedUntilMs <= now) known.delete(name);
      // All of them paused: nobody is forgotten, and this one is not remembered.
      if (known.size >= maxServers) return fresh();
    }
    const added = fresh();
    known.set(server, added);
    return added;
  }

  function fresh(): Known {
    return { rate: current.rate && rate(current.rate), pausedUntilMs: 0, quota: null };
  }

  function pause(server: string, untilMs: number): boolean {
    const latestMs = Math.min(untilMs, clock.now() + current.maxPauseMs);
    const it = at(server);
    if (latestMs <= it.pausedUntilMs) return false;
    it.pausedUntilMs = latestMs;
    return true;
  }

  return {
    turn(server, signal) {
      const { rate, pausedUntilMs } = at(server);
      const leftMs = pausedUntilMs - clock.now();
      if (leftMs > 0) throw limiting(`${server} wants to be left alone`, leftMs);
      if (rate === null) return null;
      const waitMs = rate.take(clock.elapsed(), current.patienceMs);
      if (waitMs === null) throw limiting(`${server} is asked as often as it may be`, current.patienceMs);
      return waitMs === 0 ? null : wait(waitMs, signal, clock);
    },
    answered(server, answer) {
      const quota = quotaIn(answer.headers);
      if (quota !== null) at(server).quota = quota;
      const forMs = pauseAskedFor(answer, clock.now());
      if (forMs === null || forMs <= 0) return;
      const untilMs = clock.now() + forMs;
      if (pause(server, untilMs)) tell(server, untilMs);
    },
    told: (server, untilMs) => void pause(server, untilMs),
    pausedMs: (server) => Math.max(0, (known.get(server)?.pausedUntilMs ?? 0) - clock.now()),
    quota: (server) => known.get(server)?.quota ?? null,
    retune(next) {
      if (Bun.deepEquals(next, current)) return;
      current = next;
      for (const it of known.values()) it.rate = next.rate && rate(next.rate);
    },
  };
}

function limiting(detail: string, forMs: number): MeridianError {
  return new MeridianError('upstream-limiting', detail, {
    retryAfterS: Math.max(1, Math.ceil(forMs / 1000)),
  });
}

function wait(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', left);
      resolve();
    });
    const left = () => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', left, { once: true });
  });
}
