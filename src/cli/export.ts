/** `meridian export`: has the origin on this machine write all packages that live on a route to a folder. */
import { resolve } from 'node:path';
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { routeOption, storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  folder: {
    type: 'string',
    describe: 'The folder; what an earlier run has written stays',
    demandOption: true,
  },
  ...routeOption,
  ...storageOptions,
} as const;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const { folder, route, json } = values;
  return workThrough(ask, { do: 'export', folder: resolve(folder), route }, json);
});
