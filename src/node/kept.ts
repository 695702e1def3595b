/**
 * How nodes tell each other that a trace is kept. Whoever keeps one says so in its answer, so that those who asked keep
 * it as well; whoever finds out later says so to those it had asked, with the next check of them or one for that alone.
 */
import type { Exchange } from '../exchange.ts';
import { mostAtOnce } from '../telemetry/tracing/verdicts.ts';

/** In an answer to another node, or to a member of the ring. */
const keptField = 'meridian-kept';
/** In a check (`check.ts`): the traces that are kept. */
export const keepField = 'meridian-keep';

export function tellKept({ tier, relayed, trace }: Exchange, headers: Headers): void {
  if (trace?.isKept === true && (tier !== null || relayed === true)) headers.set(keptField, '1');
}

/** Takes it out of an answer: it is for this node alone. */
export function takeKept(headers: Headers): boolean {
  if (!headers.has(keptField)) return false;
  headers.delete(keptField);
  return true;
}

export function keepText(traceIds: readonly string[]): string {
  return traceIds.join(' ');
}

export function keepIn(text: string | null): readonly string[] {
  if (text === null) return [];
  const traceIds = text.split(' ').slice(0, mostAtOnce);
  return traceIds.filter((traceId) => /^[\da-f]{32}$/.test(traceId));
}
