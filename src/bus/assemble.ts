/**
 * A bus of the parts that all drivers have alike: who publishes, whether the server can be reached, what waits to be published, who
 * listens.
 */
import type { Bus, Since, Subscriber } from '../bus.ts';
import type { BusDependencies } from './dependencies.ts';
import type { Outbox } from './outbox.ts';
import type { Listener, Roster } from './roster.ts';
import type { States } from './states.ts';
import { encode } from './wire.ts';

export interface Parts extends Pick<BusDependencies, 'publisher' | 'clock'> {
  readonly state: States;
  readonly out: Outbox;
  readonly listeners: Roster;
}

/** What is a driver's own. */
export interface Own extends Pick<Bus, 'newest' | 'view'> {
  listen(subject: string, since: Since, subscriber: Subscriber): Listener;
  /** Lets go of the server. Nobody listens or waits any more. */
  leave(): void | Promise<void>;
}

export function assemble({ publisher, clock, state, out, listeners }: Parts, own: Own): Bus {
  return {
    publisher,
    get state() {
      return state.now;
    },
    onState: state.on,
    publish: async (subject, event) => out.publish(subject, encode(event, publisher, clock.now())),
    subscribe: (subject, since, subscriber) =>
      listeners.add(own.listen(subject, since, subscriber), `log ${subject}`),
    newest: own.newest,
    view: own.view,
    async close() {
      listeners.close();
      out.close();
      await own.leave();
    },
  };
}
