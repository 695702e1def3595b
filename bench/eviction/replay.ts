/** Plays a trace against a policy, by the rules of the memory tier, and counts. */

import { countUse } from '../../src/cache/eviction/policy.ts';
import { largestShare } from '../../src/cache/memory.ts';
import type { Contender, Piece } from './contender.ts';
import type { Trace } from './trace.ts';

export interface Outcome {
  readonly requests: number;
  readonly bytes: number;
  readonly hits: number;
  readonly hitBytes: number;
  /** The most that the policy itself took at the end, beside its members. */
  readonly ownBytes: number;
}

/**
 * @param nextUse for bounds: see `nextUses`.
 */
export function replay(
  trace: Trace,
  policy: Contender,
  limitBytes: number,
  nextUse: Float64Array | null,
): Outcome {
  const { objects, sizes } = trace;
  const pieces: (Piece | undefined)[] = new Array(trace.population);
  const counted = { requests: objects.length, bytes: 0, hits: 0, hitBytes: 0 };
  let kept = 0;
  for (let at = 0; at < objects.length; at++) {
    const object = objects[at] ?? 0;
    const sizeBytes = sizes[at] ?? 0;
    counted.bytes += sizeBytes;
    const found = pieces[object];
    if (found && found.costBytes === sizeBytes) {
      counted.hits++;
      counted.hitBytes += sizeBytes;
      countUse(found);
      if (nextUse) found.nextUse = nextUse[at] ?? 0;
      policy.used?.(found);
      continue;
    }
    if (found) {
      policy.remove(found);
      pieces[object] = undefined;
      kept -= found.costBytes;
    }
    if (sizeBytes > limitBytes / largestShare) continue;
    const piece = pieceOf(object, sizeBytes, nextUse?.[at] ?? 0);
    pieces[object] = piece;
    kept += sizeBytes;
    // In memory, what just came is there at least until the next one comes.
    if (policy.seesFuture) policy.add(piece, found ?? null);
    while (kept > limitBytes) {
      const victim = policy.evict();
      if (!victim) throw new Error('A policy has nothing to give, and the cache is over its limit.');
      if (pieces[victim.object] !== victim) throw new Error('A policy gave what is not there.');
      pieces[victim.object] = undefined;
      kept -= victim.costBytes;
    }
    if (!policy.seesFuture) policy.add(piece, found ?? null);
  }
  return { ...counted, ownBytes: policy.ownBytes };
}

function pieceOf(object: number, costBytes: number, nextUse: number): Piece {
  return {
    object,
    costBytes,
    mark: Math.imul(object ^ (object >>> 16), 0x85ebca6b) | 0,
    uses: 0,
    served: 0,
    place: 0,
    nextUse,
    older: null,
    newer: null,
  };
}
