/**
 * Reads a stream from a place on, as its messages come, by a consumer of its own. Few messages are on their way at once: the next ones
 * are asked for as these are dealt with.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type JsMsg,
  ReplayPolicy,
} from '@nats-io/jetstream';
import type { Session } from './connection.ts';

/** Messages on their way, or waiting for the subscriber. */
const maxAhead = 256;
/** How long the server keeps a consumer that nobody reads. */
const forgottenMs = 30_000;

export interface TailOptions {
  readonly session: Session;
  readonly stream: string;
  /** Where to begin. */
  readonly from: Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig>;
  readonly signal: AbortSignal;
  /** The consumer has been made; so many messages are waiting. */
  begun?(waiting: number): void;
  /** In order, none left out, one at a time. */
  message(message: JsMsg): void | Promise<void>;
}

/** Ends when it is told to, or when a message was lost on the way. */
export async function tail({ session, stream, from, signal, begun, message }: TailOptions): Promise<void> {
  const { js, jsm } = session;
  const made: ConsumerInfo = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: forgottenMs * 1e6,
    ...from,
  });
  try {
    if (signal.aborted) return;
    begun?.(made.num_pending);
    const consumer = await js.consumers.get(stream, made.name);
    const messages = await consumer.consume({ max_messages: maxAhead, abort_on_missing_resource: true });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop);
    let expected = 1;
    try {
      for await (const each of messages) {
        if (signal.aborted || each.info.deliverySequence !== expected++) return;
        await message(each);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      messages.stop();
    }
  } finally {
    // The server forgets it by itself when it cannot be told.
    jsm.consumers.delete(stream, made.name).catch(() => undefined);
  }
}
