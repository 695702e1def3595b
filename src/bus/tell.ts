/**
 * Tells a subscriber, and makes sure that what goes wrong there is its own affair.
 */
import type { Place, Position, Subscriber } from '../bus.ts';
import { decode, type HeardAt } from './wire.ts';

export interface BusLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Teller {
  /** `text` as the log keeps it. Waits for the subscriber. */
  event(text: string, at: HeardAt): Promise<void>;
  gap(resumesAfter: Position): Promise<void>;
  caughtUp(at: Place): void;
}

export function teller(subject: string, subscriber: Subscriber, log: BusLog): Teller {
  const failed = (what: string, error: unknown) =>
    log.warn('what came over the bus could not be dealt with', { subject, what, error });
  return {
    async event(text, at) {
      const delivery = decode(text, at);
      const { position } = delivery;
      if (delivery.type === '') log.warn('the bus holds what is no event', { subject, position });
      try {
        await subscriber.event(delivery);
      } catch (error) {
        failed(`${delivery.type} ${position.sequence}`, error);
      }
    },
    async gap({ log: id, sequence }) {
      try {
        await subscriber.gap({ log: id, sequence });
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
