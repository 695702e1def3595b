/** What `meridian prefetch` prints. */
import type { PrefetchState } from '../../messages/prefetch-order.ts';
import { readableSize } from '../../telemetry/readable.ts';
import { day, oneLine } from '../access/shown.ts';
import { table } from '../table.ts';

/** Of an error, in a table; and of what is refused, for people: JSON has all. */
const mostShown = 80;
const mostRefused = 20;

export function shownState(state: PrefetchState): string {
  const { id, name, items, bytes, untilMs, nodes, dryRun, wanted, refused, refusedCount, error } = state;
  const things = wanted === 1 ? '1 thing that was named' : `${wanted} things that were named`;
  const what = `${items} ${items === 1 ? 'object' : 'objects'}, ${readableSize(bytes)}, of ${things}`;
  const until = untilMs === null ? '' : `, until ${day(untilMs)}`;
  const head = dryRun
    ? what
    : `${id}${name === null ? '' : ` (${oneLine(name, mostShown)})`}: ${what}${until}`;
  const why = refused
    .slice(0, mostRefused)
    .map((each) => `refused: ${oneLine(each.what, mostShown)}: ${oneLine(each.why, 3 * mostShown)}`);
  if (refusedCount > why.length) why.push(`refused: and ${refusedCount - why.length} more`);
  const failed = error === null ? [] : [`failed: ${oneLine(error, 3 * mostShown)}`];
  const lines = `${[head, ...why, ...failed].join('\n')}\n`;
  return nodes.length === 0 ? lines : lines + table(nodeHeading, nodes.map(nodeRow));
}

const nodeHeading = ['node', 'state', 'has', 'missing', 'error'];

function nodeRow({ node, state, present, wanted, missingBytes, error }: PrefetchState['nodes'][number]) {
  const why = oneLine(error ?? '-', mostShown);
  return [node, state, `${present} of ${wanted}`, readableSize(missingBytes), why];
}

export const listHeading = ['id', 'name', 'by', 'to', 'objects', 'until', 'state', 'nodes'];

export function listRow(state: PrefetchState): readonly (string | number)[] {
  const { id, name, by, to, items, untilMs, nodes, refusedCount } = state;
  const whole = nodes.filter((each) => each.state === 'whole').length;
  const refused = refusedCount > 0 ? `, ${refusedCount} refused` : '';
  return [
    ...[id, oneLine(name ?? '-', mostShown), by, oneLine(to.join(','), mostShown), items, day(untilMs)],
    ...[state.state + refused, `${whole} of ${nodes.length} whole`],
  ];
}

/** One line, for a terminal. */
export function progressLine({ state, looked, wanted, nodes }: PrefetchState): string {
  if (state === 'looking') return `looked at ${looked} of ${wanted}`;
  return nodes.map((each) => `${each.node} ${each.present}/${each.wanted}`).join(', ');
}
