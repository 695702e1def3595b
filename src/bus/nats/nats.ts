/**
 * The bus in NATS with JetStream: a stream for each subject, a bucket for each view. How NATS spans regions is its own
 * affair (leaf nodes, gateways); each node talks to the servers near it.
 */
import { randomUUID } from 'node:crypto';
import type { Bus, Position } from '../../bus.ts';
import { assemble } from '../assemble.ts';
import type { BusDependencies } from '../dependencies.ts';
import { type Letter, outbox } from '../outbox.ts';
import { endOf } from '../place.ts';
import { roster } from '../roster.ts';
import { states } from '../states.ts';
import { unreachable } from '../unreachable.ts';
import { answerMs, connection, type NatsServers } from './connection.ts';
import { follow } from './follow.ts';
import { type StreamSettings, streams } from './streams.ts';
import { viewIn } from './views.ts';

/** On their way to the server at the same time. */
const maxBatch = 1024;

export interface NatsSettings extends NatsServers, StreamSettings {
  /** For a publication. */
  readonly publishMs: number;
}

export function openNats(settings: NatsSettings, { clock, log, publisher }: BusDependencies): Bus {
  const { prefix, replicas, publishMs } = settings;
  const listeners = roster();
  const state = states('disconnected');
  const logs = streams(settings);

  const nats = connection({
    ...settings,
    clock,
    name: publisher,
    up() {
      state.set('connected');
      logs.forget();
      out.wake();
      listeners.again();
    },
    down(error) {
      if (state.lost()) log.warn('NATS cannot be reached', { servers: settings.servers, error });
    },
  });

  /** How often a letter was sent again under another name. */
  const renamed = new Map<string, number>();

  async function send(letters: readonly Letter[]): Promise<Position[]> {
    const session = nats.session();
    const identities = new Map<string, string>();
    for (const { subject } of letters)
      if (!identities.has(subject)) identities.set(subject, await logs.identity(session, subject));
    const acknowledged = await Promise.allSettled(
      letters.map(({ subject, text, id }) => {
        const msgID = `${id}.${renamed.get(id) ?? 0}`;
        return session.js.publish(logs.subjectOf(subject), text, { msgID, timeout: answerMs });
      }),
    );
    const failed = acknowledged.findIndex(({ status }) => status === 'rejected');
    if (failed !== -1) {
      logs.forget();
      // What came after it is in the log before it. Sent once more under another name, it has the last word there.
      for (const [index, { id }] of letters.entries())
        if (index > failed && acknowledged[index]?.status === 'fulfilled')
          renamed.set(id, (renamed.get(id) ?? 0) + 1);
    } else renamed.clear();
    return acknowledged.map((each, index) => {
      if (each.status === 'rejected') throw each.reason;
      return { log: identities.get(letters[index]?.subject ?? '') ?? '', sequence: each.value.seq };
    });
  }

  const out = outbox({
    clock,
    timeoutMs: publishMs,
    maxBatch,
    instance: `${publisher}-${randomUUID()}`,
    send,
  });

  function failed(error: unknown): void {
    if (state.now === 'connected') log.warn('NATS does not give what it holds', { error });
  }

  const { session } = nats;
  return assemble(
    { publisher, clock, state, out, listeners },
    {
      listen: (subject, since, subscriber) =>
        follow({ subject, since, subscriber, streams: logs, clock, log, session, failed }),
      async newest(subject) {
        try {
          return endOf(await logs.extent(session(), subject));
        } catch (cause) {
          throw unreachable(`NATS does not tell of ${subject}`, cause);
        }
      },
      view: (name) => viewIn(name, { prefix, replicas, listeners, clock, log, session, failed }),
      leave: () => nats.close(),
    },
  );
}
