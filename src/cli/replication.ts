/** `meridian replication`: what nodes have been told to have ahead of time, and how far each of them is. */
import { z } from 'zod';
import { replicationState } from '../messages/replication.ts';
import { readableSize } from '../telemetry/readable.ts';
import { apiOptions, asker } from './access/ask.ts';
import { oneLine, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  node: { type: 'string', requiresArg: true, describe: 'Of this node alone' },
  ...apiOptions,
  ...jsonOption,
} as const;

/** Of an error, in a table. */
const mostShown = 80;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const all = z.array(replicationState).parse(await ask('GET', '/replication'));
  const { node } = values;
  const shown = all.map((each) => ({
    ...each,
    nodes: node === undefined ? each.nodes : each.nodes.filter((one) => one.node === node),
  }));
  const rows = shown.flatMap(({ group, lists, error, nodes }) =>
    nodes.map((each) => [
      group,
      lists,
      each.node,
      each.state,
      `${each.present} of ${each.wanted}`,
      readableSize(each.missingBytes),
      oneLine(error ?? each.error ?? '-', mostShown),
    ]),
  );
  show(values.json, shown, ['repository', 'tags', 'node', 'state', 'has', 'missing', 'error'], rows);
  return exit.ok;
});
