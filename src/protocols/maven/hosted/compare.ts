/**
 * Compares a checksum that a client sends with the file that it has sent before. Where they differ, the file did not arrive as it was meant: it is
 * taken back, as long as its publisher is at it, so that he can send it again.
 */

import type { Changing } from '../../registry/ecosystem.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { remove } from '../../registry/hosted/remove.ts';
import { shortName } from '../../short-name.ts';
import { type Checksum, type FilePlace, nameOf } from '../place.ts';

/** How long a file may be taken back that turns out to be broken. */
const takenBackMs = 10 * 60_000;

/** @throws a `Refusal` where there is no such file, or it is another one. */
export async function compare(place: FilePlace, by: Checksum, sum: string, at: Changing): Promise<void> {
  const { file, version } = place;
  const name = nameOf(place);
  const found = await findFile(at, name, file, version);
  if (found === null)
    throw new Refusal(409, `There is no ${file} yet: a checksum comes after what it is of.`);
  const actual = found.hashes[by];
  if (actual === sum) return;
  const isFresh = at.registry.clock.now() - found.uploadedMs < takenBackMs;
  const isOwn = found.meta['by'] === shortName(at.ask.exchange);
  const differs = `The ${by.toUpperCase()} of ${file} is ${actual}, not ${sum}`;
  if (!isFresh || !isOwn) throw new Refusal(400, `${differs}.`);
  await remove(at, { name, version, file, leavesNothing: true, right: 'publish', action: 'take-back' });
  throw new Refusal(400, `${differs}: the file has been taken back, and can be sent again.`);
}
