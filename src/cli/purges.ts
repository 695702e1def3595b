/** `meridian purges`: the last purges of the network, who issued them, and how far they have come. */
import { z } from 'zod';
import { type PurgeState, purgeState } from '../messages/purge-state.ts';
import { apiOptions, asker } from './access/ask.ts';
import { show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  limit: { type: 'number', requiresArg: true, describe: 'No more than this, the newest (default: 20)' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { limit = 20, json } = values;
  if (!(Number.isInteger(limit) && limit > 0)) throw new UsageError('--limit takes a number, at least 1');
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const purges = z.array(purgeState).parse(await ask('GET', `/purges?limit=${limit}`));
  show(json, purges, ['when', 'by', 'what', 'nodes'], purges.map(rowOf));
  return exit.ok;
});

/** Selectors of one line. */
const maxShown = 3;

function rowOf({ atMs, by, soft, selectors, selectorCount, nodes, all, allMs, gone }: PurgeState): string[] {
  const words = selectors.slice(0, maxShown).map((selector) => Object.values(selector).join(' '));
  if (selectorCount > words.length) words.push(`${selectorCount - words.length} more`);
  const each = Object.values(nodes);
  const progress = all
    ? `all${allMs === null ? '' : ` after ${Math.ceil(allMs)} ms`}`
    : `${each.filter(({ applied }) => applied).length} of ${each.length}`;
  return [
    new Date(atMs).toISOString().slice(0, 19),
    by,
    `${soft ? 'stale: ' : ''}${words.join(', ')}`,
    gone.length > 0 ? `${progress}; not ${gone.join(' ')}` : progress,
  ];
}
