/**
 * Reads a stream from a place on, as its messages come, by a consumer of its own. The next messages are asked for as these are dealt
 * with. We ask ourselves, because the library asks again only once its request has ended: until that has reached a server far away,
 * new messages wait there; and the server may take the consumer for forgotten just then, which nobody notices for seconds.
 */
import { AckPolicy, type ConsumerConfig, type ConsumerInfo, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos } from '@nats-io/transport-node';
import type { Clock } from '../../clock.ts';
import type { Session } from './connection.ts';
import { expiresMs, requests } from './requests.ts';

/** How long the server keeps a consumer that nobody reads: longer than any request is good for. */
const forgottenMs = 2 * expiresMs;
/** How often the server says that it is there when it has nothing else to say. */
const beatMs = 2_000;
/** After this long without a word, the consumer is taken for lost. */
const silentMs = 3 * beatMs;
/** What the server says instead of a message (ADR-13 of NATS). */
const status = { beat: 100, ended: 408 } as const;

export interface TailOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly stream: string;
  /** Where to begin. */
  readonly from: Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig>;
  readonly signal: AbortSignal;
  /** Messages that are asked for ahead. */
  readonly maxAhead: number;
  /** The consumer has been made; so many messages are waiting. */
  begun?(waiting: number): void;
  /** In order, none left out, one at a time. `sequence`: its place in the stream; `waiting`: how many came after it when it was sent. */
  message(message: Msg, sequence: number, waiting: number): void | Promise<void>;
}

/** Ends when it is told to, when a message was lost on the way, or when the consumer is no more. */
export async function tail(options: TailOptions): Promise<void> {
  const { session, stream, from, signal, begun } = options;
  const made: ConsumerInfo = await session.jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(forgottenMs),
    ...from,
  });
  try {
    if (signal.aborted) return;
    begun?.(made.num_pending);
    await read(made.name, options);
  } finally {
    // The server forgets it by itself when it cannot be told.
    session.jsm.consumers.delete(stream, made.name).catch(() => undefined);
  }
}

async function read(
  consumer: string,
  { session, clock, stream, signal, maxAhead, message }: TailOptions,
): Promise<void> {
  const { nc, api } = session;
  const inbox = createInbox();
  const subscription = nc.subscribe(inbox);
  const stop = () => subscription.unsubscribe();
  let heardMs = clock.elapsed();
  let isBusy = false;
  let cancelLook = clock.after(silentMs, look);
  function look(): void {
    const leftMs = isBusy ? silentMs : heardMs + silentMs - clock.elapsed();
    if (leftMs > 0) cancelLook = clock.after(leftMs, look);
    else stop();
  }
  const asked = requests({
    clock,
    maxAhead,
    waiting: () => subscription.getPending(),
    ask(batch) {
      const request = { batch, expires: nanos(expiresMs), idle_heartbeat: nanos(beatMs) };
      nc.publish(`${api}CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: inbox });
    },
  });
  signal.addEventListener('abort', stop);
  let expected = 1;
  try {
    for await (const each of subscription) {
      if (signal.aborted) return;
      isBusy = true;
      const code = each.headers?.code ?? 0;
      if (code === status.ended) asked.ended();
      else if (code !== status.beat) {
        const place = placeOf(each.reply);
        // Without a place it says why there are no more: nobody there, the consumer deleted, a leader that has changed.
        if (place?.delivery !== expected++) return;
        await message(each, place.sequence, place.waiting);
        asked.used();
      }
      heardMs = clock.elapsed();
      isBusy = false;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    cancelLook();
    asked.close();
    stop();
  }
}

interface Place {
  readonly sequence: number;
  readonly delivery: number;
  readonly waiting: number;
}

/** `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<attempts>.<sequence>.<delivery>.<time>.<pending>[.<random>]`, ADR-15 of NATS. */
function placeOf(reply: string | undefined): Place | null {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return null;
  const at = tokens.length === 9 ? 5 : 7;
  return {
    sequence: Number(tokens[at]),
    delivery: Number(tokens[at + 1]),
    waiting: Number(tokens[at + 3]),
  };
}
