/**
 * What is said on the channels that wake subscribers: one for each log and each view, so that nobody is woken by what is of no
 * interest to him. With two hundred nodes that renew their records, or acknowledge a purge, that would be most of what he hears. Lines, of which events as JSON texts have none inside:
 *
 *     log <LF> subject                                          there are new events
 *     log <LF> subject <LF> log's identity <LF> before <LF> …   these are the new ones, after the sequence `before`
 *     view <LF> name                                            something has changed
 */
import type { Handed } from '../handed.ts';
import type { Topic } from '../roster.ts';

/** @param bells begins the name of every channel. */
export function channelOf(bells: string, topic: Topic): string {
  return `${bells}:${topic.replace(' ', ':')}`;
}

export interface Bell {
  readonly topic: Topic;
  readonly handed: Handed | null;
}

/** `null`: it may be about anything. */
export function readBell(message: string): Bell | null {
  const [kind, name, log, before, ...texts] = message.split('\n');
  if (name === undefined) return null;
  if (kind === 'view') return { topic: `view ${name}`, handed: null };
  if (kind !== 'log') return null;
  const from = Number(before);
  const isHanded = log !== undefined && Number.isSafeInteger(from) && texts.length > 0;
  return { topic: `log ${name}`, handed: isHanded ? { log, before: from, texts } : null };
}
