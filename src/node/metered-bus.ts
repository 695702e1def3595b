/**
 * A bus that tells of each publication whether it was taken.
 */
import type { Bus } from '../bus.ts';

export function meteredBus(bus: Bus, published: (subject: string, isTaken: boolean) => void): Bus {
  return {
    get publisher() {
      return bus.publisher;
    },
    get state() {
      return bus.state;
    },
    onState: (listener) => bus.onState(listener),
    async publish(subject, event) {
      try {
        const position = await bus.publish(subject, event);
        published(subject, true);
        return position;
      } catch (error) {
        published(subject, false);
        throw error;
      }
    },
    subscribe: (subject, since, subscriber) => bus.subscribe(subject, since, subscriber),
    newest: (subject) => bus.newest(subject),
    view: (name) => bus.view(name),
    close: () => bus.close(),
  };
}
