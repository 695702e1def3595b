/** Has the origin on this machine do long work, and shows how far it is. */
import { type Order, type Work, work } from '../../access/api/order.ts';
import type { Ask } from '../access/ask.ts';
import { type ExitCode, exit } from '../exit.ts';

/** How often it is asked. */
const lookMs = 300;

/**
 * @param shown where notes go: to standard error, or with the rest where they are what was asked for.
 * @returns 0 when all was done, 1 when it failed, or something was refused or is missing.
 */
export async function workThrough(
  ask: Ask,
  order: Order,
  json: boolean | undefined,
  shown: (note: string) => void = console.error,
): Promise<ExitCode> {
  let now = work.parse(await ask('POST', '/work', order));
  const isShown = !json && process.stderr.isTTY;
  while (now.state === 'running') {
    await Bun.sleep(lookMs);
    now = work.parse(await ask('GET', `/work/${now.id}`));
    if (isShown) process.stderr.write(`\r\x1b[K${countsIn(now)}`);
  }
  if (isShown) process.stderr.write('\r\x1b[K');
  if (json) console.log(JSON.stringify(now, null, 2));
  else {
    for (const note of now.notes) shown(note);
    const counts = countsIn(now);
    // What failed at once says why instead.
    if (counts !== '') console.log(counts);
    else if (now.state === 'done') console.log('nothing to do');
  }
  if (now.state === 'failed') throw new Error(now.error ?? 'the origin does not say why it failed');
  const { refused = 0, missing = 0 } = now.counts;
  return refused + missing > 0 ? exit.failure : exit.ok;
}

/** `added 12, bytes 3456`. */
function countsIn({ counts }: Work): string {
  return Object.entries(counts)
    .map(([what, number]) => `${what} ${number}`)
    .join(', ');
}
