/** `meridian evictions`: what has gone from the caches of the network last, and why. */
import { z } from 'zod';
import { placedEviction } from '../messages/cached.ts';
import { readableSeconds, readableSize } from '../telemetry/readable.ts';
import { apiOptions, asker } from './access/ask.ts';
import { show } from './access/shown.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  node: { type: 'string', requiresArg: true, describe: 'Of this node alone' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const all = z.array(placedEviction).parse(await ask('GET', '/evictions'));
  const { node } = values;
  const gone = node === undefined ? all : all.filter((each) => each.node === node);
  const rows = gone.map(({ atMs, node, worker, tier, cause, key, bytes, ageS, uses }) => [
    new Date(atMs).toISOString().slice(0, 19),
    worker === 0 ? node : `${node}.${worker}`,
    tier,
    cause,
    key,
    readableSize(bytes),
    ageS === null ? '-' : readableSeconds(ageS),
    uses ?? '-',
  ]);
  show(values.json, gone, ['when', 'node', 'tier', 'cause', 'key', 'size', 'age', 'uses'], rows);
  return exit.ok;
});
