/**
 * Tells a subscriber, and makes sure that what goes wrong there is its own affair.
 */
import type { Delivery, Position, Subscriber } from '../bus.ts';
import { decode } from './wire.ts';

export interface BusLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Teller {
  /** `text` as the log keeps it. Waits for the subscriber. */
  event(text: string, position: Position): Promise<void>;
  gap(resumesAfter: Position): Promise<void>;
  caughtUp(at: Position): void;
}

/** What was not written by a bus is of a type that nobody knows: it has its place in the log all the same. */
const unreadable = { type: '', version: 0, data: null, publisher: '', publishedMs: 0 } as const;

export function teller(subject: string, subscriber: Subscriber, log: BusLog): Teller {
  const failed = (what: string, error: unknown) =>
    log.warn('what came over the bus could not be dealt with', { subject, what, error });
  return {
    async event(text, position) {
      const delivery: Delivery = decode(text, position) ?? { ...unreadable, position };
      if (delivery.type === '') log.warn('the bus holds what is no event', { subject, position });
      try {
        await subscriber.event(delivery);
      } catch (error) {
        failed(`${delivery.type} ${position.sequence}`, error);
      }
    },
    async gap(resumesAfter) {
      try {
        await subscriber.gap(resumesAfter);
      } catch (error) {
        failed('gap', error);
      }
    },
    caughtUp(at) {
      try {
        subscriber.caughtUp(at);
      } catch (error) {
        failed('caught up', error);
      }
    },
  };
}
