/** What predictions have come to, as a part of what a node has counted. */
import type { Predicted, Tally } from '../../messages/predictions.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import type { MetricName } from '../metrics/table.ts';

const fields = {
  foreseen: 'meridian.predict.foreseen',
  fetched: 'meridian.predict.fetched',
  fetchedBytes: 'meridian.predict.fetched.size',
  used: 'meridian.predict.used',
  usedBytes: 'meridian.predict.used.size',
  inVain: 'meridian.predict.vain',
  inVainBytes: 'meridian.predict.vain.size',
  failed: 'meridian.predict.failed',
  doubted: 'meridian.predict.doubted',
  left: 'meridian.predict.left',
  savedMs: 'meridian.predict.saved',
} as const satisfies Record<keyof Tally, MetricName>;

const fieldNames = Object.keys(fields) as (keyof Tally)[];

/** `undefined` of a node that predicts nothing. Sources that have led to nothing are left out. */
export function predictedIn(snapshot: Snapshot): Predicted | undefined {
  const [unforeseen] = snapshot['meridian.predict.unforeseen'] ?? [];
  if (unforeseen === undefined || typeof unforeseen.value !== 'number') return undefined;
  const sources: Record<string, Tally> = {};
  for (const field of fieldNames)
    for (const { labels, value } of snapshot[fields[field]] ?? []) {
      const [source = ''] = labels;
      if (typeof value !== 'number' || value === 0) continue;
      sources[source] ??= noTally();
      sources[source][field] = field === 'savedMs' ? value * 1000 : value;
    }
  return { sources, unforeseen: unforeseen.value };
}

/** Both, or what has come since the second; never below 0. */
export function combinedPredicted(
  a: Predicted | undefined,
  b: Predicted | undefined,
  sign: 1 | -1,
): Predicted | undefined {
  if (a === undefined && (b === undefined || sign < 0)) return undefined;
  const add = (x: number | undefined, y: number | undefined) => Math.max(0, (x ?? 0) + sign * (y ?? 0));
  const [before, after] = [a?.sources ?? {}, b?.sources ?? {}];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const sources = names.map((name): [string, Tally] => {
    const tally = noTally();
    for (const field of fieldNames) tally[field] = add(before[name]?.[field], after[name]?.[field]);
    return [name, tally];
  });
  return { sources: Object.fromEntries(sources), unforeseen: add(a?.unforeseen, b?.unforeseen) };
}

function noTally(): Tally {
  return {
    ...{ foreseen: 0, fetched: 0, fetchedBytes: 0, used: 0, usedBytes: 0, inVain: 0, inVainBytes: 0 },
    ...{ failed: 0, doubted: 0, left: 0, savedMs: 0 },
  };
}
