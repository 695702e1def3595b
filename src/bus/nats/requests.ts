/**
 * The requests for messages that a consumer's server holds: each is good for so many messages, and for so long. A new one is made well
 * before the last one ends. So there is always one that a new message can use at once, however far away the server is; and the
 * server, which forgets a consumer without requests, never sees none.
 */
import type { Clock } from '../../clock.ts';

/** A request is good for so long. */
export const expiresMs = 30_000;
const renewMs = 20_000;

export interface Requests {
  /** A message has been dealt with. */
  used(): void;
  /** The oldest request has ended. */
  ended(): void;
  close(): void;
}

export interface RequestsOptions {
  readonly clock: Clock;
  /** Most messages on their way or waiting for the subscriber; twice as many for a moment, when one request takes over from another. */
  readonly maxAhead: number;
  /** Messages that have come and wait for the subscriber. */
  waiting(): number;
  /** Makes a request for so many messages. */
  ask(messages: number): void;
}

export function requests({ clock, maxAhead, waiting, ask }: RequestsOptions): Requests {
  /** Messages of each request that have not been dealt with yet, oldest request first. */
  let open: number[] = [];
  let cancel = () => {};

  function make(messages: number): void {
    cancel();
    cancel = clock.after(renewMs, renew);
    if (messages <= 0) return;
    open.push(messages);
    ask(messages);
  }

  /** The older ones will end soon, so that they do not count. What waits already does. */
  function renew(): void {
    make(maxAhead - waiting());
  }

  /** In large portions: a request is a message, too. */
  function refill(): void {
    const ahead = open.reduce((sum, left) => sum + left, 0);
    if (ahead <= maxAhead / 2) make(maxAhead - ahead);
  }

  renew();
  return {
    used() {
      const [first = 0, ...others] = open;
      open = first > 1 ? [first - 1, ...others] : others;
      refill();
    },
    ended() {
      open = open.slice(1);
      refill();
    },
    close: () => cancel(),
  };
}
