/**
 * A request's way as lines of text, each with a bar for the time in which somebody was at it.
 */
import { table } from '../table.ts';
import { type Bar, barsOf, described, type Step } from './way.ts';

const width = 32;
/** By eighths of a character, ending on the left. */
const parts = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export function waterfall(totalMs: number, steps: readonly Step[]): string {
  const bars = barsOf(totalMs, steps);
  const client: Bar = { name: 'client', durationMs: totalMs, startMs: 0, cache: null };
  const rows = [client, ...bars].map((bar, depth) => [
    `${'  '.repeat(depth)}${bar.name}`,
    drawn(bar, totalMs),
    shownMs(bar.durationMs),
    described(bar),
  ]);
  return table(['', '', 'ms', ''], rows).split('\n').slice(1).join('\n');
}

function drawn({ startMs, durationMs }: Bar, totalMs: number): string {
  const scale = totalMs > 0 ? width / totalMs : 0;
  const before = Math.floor(startMs * scale);
  const eighths = Math.max(1, Math.round(durationMs * scale * 8));
  return ' '.repeat(before) + '█'.repeat(Math.floor(eighths / 8)) + (parts[eighths % 8] ?? '');
}

/** As precise as the nodes say it: hundredths below 10 ms. */
function shownMs(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(1);
}
