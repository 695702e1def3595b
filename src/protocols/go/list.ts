/** Lists of versions: one on each line. */

import type { Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import type { Judge } from '../registry/policy/judge-of.ts';
import { readInfo } from './info.ts';
import { itemAt } from './item.ts';
import { maxInfoBytes } from './judged.ts';
import { isCanonicalVersion } from './module-version.ts';
import { versions } from './version.ts';

/**
 * A list says nothing of when its versions are: where the policy asks that, so many are looked up, the highest first. The others are taken
 * to be older; whoever asks for one of them by its number hears more.
 */
const mostLookedUp = 64;
const atOnce = 8;

/** What is no version is left out, as the go command does. */
export function versionsIn(list: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(list).split('\n');
  return lines.map((line) => line.trim().split(/\s/)[0] ?? '').filter(isCanonicalVersion);
}

/** Those that the policy lets through, in the order of the list. */
export async function usable(
  module: string,
  listed: readonly string[],
  judge: Judge,
  at: Pulling,
): Promise<readonly string[]> {
  if (at.registry.policy === null) return listed;
  const nowMs = at.registry.clock.now();
  const mayBe = listed.filter((version) => judge.against({ version, publishedMs: 0 }) === null);
  // Where one from this moment may be used, when it is does not matter.
  const depends = mayBe.filter((version) => judge.against({ version, publishedMs: nowMs }) !== null);
  const queue = depends.toSorted((a, b) => versions.compare(b, a)).slice(0, mostLookedUp);
  const refused = new Set<string>();
  const next = queue.values();
  async function look(): Promise<void> {
    for (const version of next) {
      const info = await readItem(itemAt({ of: 'info', module, version }), at, maxInfoBytes);
      if (info.status === 200 && judge.against(readInfo(info.bytes, `${module}@${version}`)) === null)
        continue;
      refused.add(version);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, look));
  return mayBe.filter((version) => !refused.has(version));
}
