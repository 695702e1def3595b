/**
 * The streams that hold the logs, one for each subject. They are made when they are first asked for. A stream's identity is in
 * its description: when it was made is not the same for all servers of a cluster.
 */
import { randomUUID } from 'node:crypto';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { Retention } from '../dependencies.ts';
import type { Extent } from '../place.ts';
import type { Session } from './connection.ts';

/** How long the server recognises an event that it is sent twice. */
const recognisedMs = 120_000;
const streamNotFound = 10_059;
/** With another description: somebody else has just made it. */
const streamNameInUse = 10_058;
/** The same, while it is being made. */
const subjectsOverlap = 10_065;
const identityPrefix = 'log ';

export interface StreamSettings {
  readonly prefix: string;
  /** Servers that keep a copy. */
  readonly replicas: number;
  readonly keep: Retention;
}

export interface Streams {
  nameOf(subject: string): string;
  /** What a message is published to. */
  subjectOf(subject: string): string;
  extent(session: Session, subject: string): Promise<Extent>;
  /** The event with this sequence; `null` when it is not kept any more. */
  textAt(session: Session, subject: string, sequence: number): Promise<string | null>;
  /** Identity of the log, from memory where it is known. */
  identity(session: Session, subject: string): Promise<string>;
  /** Gives the log another identity if it still has this one. Returns the one that it has now. */
  renew(session: Session, subject: string, log: string): Promise<string>;
  /** What is known may no longer be true. */
  forget(): void;
}

export function streams(settings: StreamSettings): Streams {
  const { prefix } = settings;
  const known = new Map<string, string>();
  const nameOf = (subject: string) => `${prefix}_${subject}`;
  const subjectOf = (subject: string) => `${prefix}.${subject}`;

  async function extent(session: Session, subject: string): Promise<Extent> {
    const info = await found(session, subject);
    const { state } = info;
    const log = identityIn(info);
    known.set(subject, log);
    return { log, oldest: Math.max(1, state.first_seq), newest: state.last_seq };
  }

  async function found({ jsm }: Session, subject: string): Promise<StreamInfo> {
    try {
      const info = await jsm.streams.info(nameOf(subject));
      const wanted = bounds(settings);
      const { max_msgs, max_age, num_replicas } = info.config;
      const isAsWanted =
        max_msgs === wanted.max_msgs && max_age === wanted.max_age && num_replicas === wanted.num_replicas;
      return isAsWanted ? info : await jsm.streams.update(nameOf(subject), { ...info.config, ...wanted });
    } catch (error) {
      if (!isRefusal(error, streamNotFound)) throw error;
      return made(jsm, subject);
    }
  }

  async function made(jsm: JetStreamManager, subject: string): Promise<StreamInfo> {
    try {
      return await jsm.streams.add({
        name: nameOf(subject),
        description: identityPrefix + randomUUID(),
        subjects: [subjectOf(subject)],
        storage: StorageType.File,
        discard: DiscardPolicy.Old,
        ...bounds(settings),
      });
    } catch (error) {
      if (!isRefusal(error, streamNameInUse) && !isRefusal(error, subjectsOverlap)) throw error;
      return jsm.streams.info(nameOf(subject));
    }
  }

  async function renew(session: Session, subject: string, log: string): Promise<string> {
    const info = await found(session, subject);
    if (identityIn(info) !== log) return identityIn(info);
    const description = identityPrefix + randomUUID();
    const renewed = await session.jsm.streams.update(nameOf(subject), { ...info.config, description });
    known.set(subject, identityIn(renewed));
    return identityIn(renewed);
  }

  return {
    nameOf,
    subjectOf,
    extent,
    renew,
    textAt: async ({ jsm }, subject, seq) =>
      (await jsm.streams.getMessage(nameOf(subject), { seq }))?.string() ?? null,
    identity: async (session, subject) => known.get(subject) ?? (await extent(session, subject)).log,
    forget: () => known.clear(),
  };
}

function identityIn({ config: { description }, created }: StreamInfo): string {
  // Without one, somebody else has made it.
  return description?.startsWith(identityPrefix) ? description.slice(identityPrefix.length) : created;
}

function isRefusal(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** Durations in nanoseconds. */
function bounds({ replicas, keep: { events, ageMs } }: StreamSettings) {
  return {
    num_replicas: replicas,
    max_msgs: events,
    max_age: ageMs * 1e6,
    duplicate_window: Math.min(recognisedMs, ageMs) * 1e6,
  };
}
