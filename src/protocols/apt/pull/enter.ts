/**
 * Enters a generation: before the first client reads its `InRelease`, the origin has what this network's clients ask for of it, compared with the
 * hashes that it names, and nobody has a file of the pool any more that it lists with other bytes. An upstream in the middle of a change cannot
 * be entered: until it can, the generation before answers.
 */
import { MeridianError } from '../../../errors.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { readItem } from '../../registry/item.ts';
import { byHash, plainTag, poolTag, within } from '../item.ts';
import { suiteIn } from '../path.ts';
import type { Folder, Generation } from './generation.ts';
import { type KnownSuites, noteIndex, type Suite } from './known.ts';
import { isPoolIndex, readPoolIndex } from './pool.ts';
import { othersThan } from './pool-index.ts';

/** Archives are changed within minutes. What is named and not there after that is missing, and nobody has to do without the rest for it. */
const mostWaitedMs = 10 * 60_000;
/** Files that are purged one by one; where more have changed, all of the archive's are. */
const mostPurged = 500;

export async function enter(
  at: Folder,
  generation: Generation,
  known: KnownSuites,
  pulling: Pulling,
): Promise<void> {
  const { archive, folder } = at;
  const { registry, door } = pulling;
  const suites = await known.of(archive, door.stores, registry.clock.now());
  const suite = suites.get(folder);
  if (suite?.entered === generation.sha256) return;
  const changed = suite === undefined ? [] : await changesOf(at, suite, generation, pulling);
  if (suite !== undefined) {
    const others = changed.flatMap(({ others }) => others);
    const files =
      others.length > mostPurged ? [poolTag(archive)] : others.map((key) => poolTag(archive, key));
    // The plain names of `folder/x` are those of its suite: no node has the indexes before when the first client reads the release of these.
    const tags = [plainTag(archive, suiteIn(within(folder, 'x'))), ...files];
    await door.purge(tags.map((tag) => ({ by: 'tag', tag })));
  }
  await known.note(at, door.stores, (noted) => {
    noted.entered = generation.sha256;
    noted.waiting = undefined;
    for (const { path, sha256 } of changed) noteIndex(noted, path, sha256);
  });
}

interface ChangedIndex {
  readonly path: string;
  readonly sha256: string;
  /** Files of the pool that have other bytes than in the generation before. */
  readonly others: readonly Parameters<typeof poolTag>[1][];
}

async function changesOf(
  { archive, folder }: Folder,
  suite: Suite,
  generation: Generation,
  at: Pulling,
): Promise<readonly ChangedIndex[]> {
  const { release } = generation;
  const changed: ChangedIndex[] = [];
  for (const [path, [before]] of [...suite.indexes]) {
    const sha256 = release.indexes.get(path)?.sha256;
    if (sha256 === undefined || sha256 === before) continue;
    const whole = within(folder, path);
    if (!(await canBeHad(byHash(archive, whole, sha256), at))) {
      if (!isWaitedFor(suite, generation, at.registry.clock.now()))
        throw new MeridianError(
          'upstream-changed',
          `${archive}/${folder} is being changed: it names a ${path} that cannot be had yet.`,
        );
      suite.indexes.delete(path);
      continue;
    }
    changed.push({ path, sha256, others: await othersIn(archive, whole, [before, sha256], at) });
  }
  return changed;
}

/** Whether its bytes are there, and are those that its hash names. */
async function canBeHad(item: Item, at: Pulling): Promise<boolean> {
  try {
    return (await readItem(item, at)).status === 200;
  } catch (error) {
    if (error instanceof MeridianError && error.code === 'digest-mismatch') return false;
    throw error;
  }
}

/** Whether it has been tried for so long that what is missing is not going to come. */
function isWaitedFor(suite: Suite, { sha256 }: Generation, nowMs: number): boolean {
  if (suite.waiting?.sha256 !== sha256) suite.waiting = { sha256, sinceMs: nowMs };
  return nowMs - suite.waiting.sinceMs >= mostWaitedMs;
}

async function othersIn(
  archive: string,
  path: string,
  [before, after]: readonly [string | undefined, string],
  at: Pulling,
): Promise<ChangedIndex['others']> {
  if (before === undefined || !isPoolIndex(path)) return [];
  const one = await readPoolIndex(archive, path, before, at);
  const other = await readPoolIndex(archive, path, after, at);
  if (one === null) return []; // nobody can have learnt a digest by it
  return other === null ? [] : [...othersThan(one, other)];
}
