/**
 * What `meridian purge` asks for, in requests that a node takes, and what it says about their answers.
 */
import type { PurgeMessage, PurgeQuestion } from '../control/messages.ts';
import { maxTargets } from '../messages/selector.ts';

type Target = PurgeQuestion['targets'][number];

export interface PurgeResult {
  /** That was asked. */
  readonly node: string;
  readonly message: PurgeMessage;
  /** It has a disk, and yet only its memory knows of the purge. */
  readonly isOnlyInMemory: boolean;
}

/** A target by the name of its option. */
export function named(by: string, value: string): Target {
  switch (by) {
    case 'key':
      return { by, key: value };
    case 'prefix':
      return { by, prefix: value };
    case 'glob':
      return { by, glob: value };
    case 'tag':
      return value.includes('*') ? { by: 'tag-glob', glob: value } : { by, tag: value };
    case 'route':
      return { by, route: value };
    default:
      return { by: 'url', url: value };
  }
}

/** As many requests as they take. */
export function inBatches(targets: readonly Target[]): Target[][] {
  const batches: Target[][] = [];
  for (let at = 0; at < targets.length; at += maxTargets) batches.push(targets.slice(at, at + maxTargets));
  return batches;
}

export function resultsToJson(results: readonly PurgeResult[]): unknown {
  return results.map(({ node, message }) => ({ node, ...message }));
}

/** Selectors of one line. */
const maxShown = 20;

/** @param names of all nodes of the network: the bus knows only those that live. */
export function printResults(results: readonly PurgeResult[], soft: boolean, names: readonly string[]): void {
  for (const { node, message, isOnlyInMemory } of results) {
    if ('reasons' in message) {
      console.error(`${node}: not purged\n${message.reasons.map((reason) => `  ${reason}`).join('\n')}`);
      continue;
    }
    const selectors =
      'purged' in message ? message.purged.map(({ selector }) => selector) : message.selectors;
    const words = selectors.slice(0, maxShown).map((selector) => Object.values(selector).join(' '));
    if (selectors.length > maxShown) words.push(`${selectors.length - maxShown} more`);
    const what = `${soft ? 'stale' : 'purged'}: ${words.join(', ')}`;
    if ('purged' in message) console.log(`${node}: ${what}`);
    else printIssued(message, what, names);
    if (isOnlyInMemory)
      console.error(
        `${node}: its disk is out of use; purge again if it is restarted before it has recovered`,
      );
  }
}

function printIssued(
  { position, applied }: Extract<PurgeMessage, { readonly position: unknown }>,
  what: string,
  names: readonly string[],
): void {
  if (applied === undefined) {
    console.log(`${what}: on the bus at ${position.sequence}`);
    return;
  }
  console.log(`${what}: ${applied.all ? 'at every node that lives' : 'not everywhere in time'}`);
  for (const [node, ms] of Object.entries(applied.nodes)) {
    if (ms === null) console.error(`  ${node}: no answer`);
    else console.log(`  ${node}: ${Math.ceil(ms)} ms`);
  }
  const heard = new Set(Object.keys(applied.nodes).flatMap((name) => [name, name.replace(/\.\d+$/, '')]));
  const silent = names.filter((name) => !heard.has(name));
  for (const node of new Set([...applied.gone, ...silent]))
    console.error(`  ${node}: nothing is heard of it; it catches up, or trusts nothing that it keeps`);
}
