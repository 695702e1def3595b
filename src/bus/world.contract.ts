/**
 * What the contracts of a bus are made of: a world that a driver's test gives, and ears.
 */
import { afterEach } from 'bun:test';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Bus, BusEvent, Delivery, Place, Position, Since, Subscription } from '../bus.ts';
import { systemClock } from '../clock.ts';
import type { Retention } from './dependencies.ts';
import { type BusSettings, openBus } from './open.ts';

export interface BusWorld extends AsyncDisposable {
  settings(keep: Retention, publishMs: number): BusSettings;
  /** Kills the server and starts it again with what it had on disk. */
  readonly restart?: () => Promise<void>;
  /** Takes a copy of what the bus has on disk. What it gives puts that copy in its place, as a server finds it that was killed. */
  readonly save?: () => Promise<() => Promise<void>>;
  /** Between the clients and the server: nothing passes, and connections are refused. */
  readonly cut?: () => Promise<void>;
  readonly mend?: () => Promise<void>;
  /** All that was published is lost, as if it had never been. */
  renew(): Promise<void>;
}

export const keepAll: Retention = { events: 100_000, ageMs: 3_600_000 };
export const publishMs = 2000;

export interface Heard {
  readonly deliveries: Delivery[];
  readonly gaps: Position[];
  readonly caughtUp: Place[];
  readonly subscription: Subscription;
  /** What the events hold. */
  numbers(): unknown[];
}

/** An event that holds `data`. */
export function note(data: unknown): BusEvent {
  return { type: 'note', version: 1, data };
}

export function hear(
  bus: Bus,
  subject: string,
  from: Since | Position,
  each?: (delivery: Delivery) => unknown,
): Heard {
  const since = typeof from === 'string' ? from : { digest: null, ...from };
  const deliveries: Delivery[] = [];
  const gaps: Position[] = [];
  const caughtUp: Place[] = [];
  const subscription = bus.subscribe(subject, since, {
    async event(delivery) {
      deliveries.push(delivery);
      await each?.(delivery);
    },
    gap: (resumesAfter) => void gaps.push(resumesAfter),
    caughtUp: (at) => void caughtUp.push(at),
  });
  const numbers = () => deliveries.map(({ data }) => data);
  return { deliveries, gaps, caughtUp, subscription, numbers };
}

export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Numbers in which each new one is larger than all before; what came again is left out. */
export function advancing(numbers: readonly unknown[]): number[] {
  const seen: number[] = [];
  for (const number of numbers as number[]) if (number > (seen.at(-1) ?? -1)) seen.push(number);
  return seen;
}

/** What the tests of a `describe` open; closed after each, last first. */
export interface Stage<World extends BusWorld> {
  world(): Promise<World>;
  open(of: World, publisher: string, more?: { keep?: Retention; publishMs?: number }): Promise<Bus>;
  /** Two nodes that are connected. */
  pair(): Promise<{ world: World; here: Bus; there: Bus }>;
}

export function stage<World extends BusWorld>(begin: () => Promise<World>): Stage<World> {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function world(): Promise<World> {
    const made = await begin();
    ends.push(async () => made[Symbol.asyncDispose]());
    return made;
  }

  async function open(of: World, publisher: string, { keep = keepAll, publishMs: ms = publishMs } = {}) {
    const bus = await openBus(of.settings(keep, ms), { clock: systemClock, log: silentLog, publisher });
    ends.push(() => bus.close());
    return bus;
  }

  async function pair() {
    const one = await world();
    const [here, there] = [await open(one, 'here'), await open(one, 'there')];
    for (const bus of [here, there]) await eventually('a connection', () => bus.state === 'connected');
    return { world: one, here, there };
  }

  return { world, open, pair };
}

/** What `act` gives as soon as the bus can be reached. */
export function once<T>(act: () => Promise<T>): Promise<T> {
  const tried = async () => {
    try {
      return { done: await act() };
    } catch {
      return null; // It is tried again.
    }
  };
  return eventually('the bus to be back', tried, { withinMs: 30_000 }).then(({ done }) => done);
}
