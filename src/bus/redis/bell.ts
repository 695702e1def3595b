/**
 * What is said on the channel that wakes subscribers. Lines, of which events as JSON texts have none inside:
 *
 *     log <LF> subject                                          there are new events
 *     log <LF> subject <LF> log's identity <LF> before <LF> …   these are the new ones, after the sequence `before`
 *     view <LF> name                                            something has changed
 */
import type { Handed } from '../handed.ts';
import type { Topic } from '../roster.ts';

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
