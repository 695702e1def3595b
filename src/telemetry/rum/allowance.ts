/**
 * How many beacons are taken in: so many from one client, so many in all. Two token buckets, of which the clients' are
 * forgotten, the oldest first, when there are too many of them.
 */
import type { Clock } from '../../clock.ts';

export interface AllowanceSettings {
  /** In all, per second. */
  readonly beaconsPerS: number;
  /** Of one client, per minute. */
  readonly clientBeaconsPerMinute: number;
}

export interface Allowance {
  /** @returns seconds to wait; 0 when this one may come. */
  waitS(client: string, settings: AllowanceSettings): number;
  readonly clients: number;
}

const mostClients = 10_000;
const minuteMs = 60_000;

interface Bucket {
  /** What is left, from 0 to the rate itself. */
  left: number;
  atMs: number;
}

export function openAllowance(clock: Clock, most = mostClients): Allowance {
  const clients = new Map<string, Bucket>();
  let all: Bucket | null = null;

  function bucketOf(client: string, full: number, nowMs: number): Bucket {
    const known = clients.get(client);
    if (known !== undefined) return known;
    const [oldest] = clients.size >= most ? clients.keys() : [];
    if (oldest !== undefined) clients.delete(oldest);
    const bucket = { left: full, atMs: nowMs };
    clients.set(client, bucket);
    return bucket;
  }

  return {
    waitS(client, { beaconsPerS, clientBeaconsPerMinute }) {
      const nowMs = clock.elapsed();
      all ??= { left: beaconsPerS, atMs: nowMs };
      fill(all, beaconsPerS, 1000, nowMs);
      const own = bucketOf(client, clientBeaconsPerMinute, nowMs);
      fill(own, clientBeaconsPerMinute, minuteMs, nowMs);
      if (own.left < 1) return Math.ceil(((1 - own.left) / clientBeaconsPerMinute) * (minuteMs / 1000));
      if (all.left < 1) return 1;
      own.left--;
      all.left--;
      return 0;
    },
    get clients() {
      return clients.size;
    },
  };
}

/** @param rate in `perMs`, and what it holds at most. */
function fill(bucket: Bucket, rate: number, perMs: number, nowMs: number): void {
  bucket.left = Math.min(rate, bucket.left + ((nowMs - bucket.atMs) / perMs) * rate);
  bucket.atMs = nowMs;
}
