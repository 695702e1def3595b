/**
 * What a request that changed something makes a node forget (RFC 9111 §4.4, RFC 9875 §3): at the worker that passed it on,
 * and at the others, which may keep it.
 */
import { z } from 'zod';
import type { Cache } from '../cache/cache.ts';
import type { CacheKey } from '../resource.ts';

export interface Forgotten {
  readonly keys: readonly CacheKey[];
  readonly route: string;
  readonly groups: readonly string[];
}

/** As one worker of several knows the others. */
interface OtherWorkers {
  /** Whether they may keep copies of what this one, or another, keeps. */
  readonly hasReplicas: boolean;
  tellForgotten(forgotten: Forgotten): Promise<void>;
}

const message = z.object({
  keys: z.array(z.string()),
  route: z.string(),
  groups: z.array(z.string()),
});

export function forget(cache: Pick<Cache, 'drop' | 'dropGroups'>, { keys, route, groups }: Forgotten): void {
  for (const key of keys) cache.drop(key);
  cache.dropGroups(route, groups);
}

/**
 * Has all workers of a node forget something, before the request that changed it has its answer.
 *
 * @param others `null`: there are none.
 */
export async function forgetAtAll(
  cache: Pick<Cache, 'drop' | 'dropGroups'>,
  others: OtherWorkers | null,
  forgotten: Forgotten,
): Promise<void> {
  forget(cache, forgotten);
  if (others === null) return;
  await others.tellForgotten(forgotten);
  if (!others.hasReplicas) return;
  // Who had forgotten may have copied it since from one who had not, and now all have.
  forget(cache, forgotten);
  await others.tellForgotten(forgotten);
}

/** For another worker; `null` when there is nothing to forget. */
export function forgottenText({ keys, route, groups }: Forgotten): string | null {
  if (keys.length === 0 && groups.length === 0) return null;
  return JSON.stringify({ keys, route, groups });
}

/** `null` for what is none. */
export function forgottenIn(text: string): Forgotten | null {
  try {
    const { keys, route, groups } = message.parse(JSON.parse(text));
    return { keys: keys.map((key) => key as CacheKey), route, groups };
  } catch {
    return null; // that it cannot be read is the answer
  }
}
