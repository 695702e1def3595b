/** `meridian import`: takes packages into the origin on this machine, from a folder that it can read. */
import { resolve } from 'node:path';
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { routeOption, storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  from: {
    choices: ['verdaccio', 'tarballs'],
    describe:
      "How the folder is laid out: as Verdaccio's storage, or what `meridian export` has written; or any tarballs",
    demandOption: true,
  },
  folder: { type: 'string', describe: 'The folder', demandOption: true },
  all: { type: 'boolean', describe: 'What Verdaccio has pulled from elsewhere, too' },
  'dry-run': { type: 'boolean', describe: 'Look at everything, and change nothing' },
  ...routeOption,
  ...storageOptions,
} as const;

export default command(options, async (values) => {
  const { from, folder, route, all = false, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const dryRun = values['dry-run'] ?? false;
  return workThrough(ask, { do: 'import', from, folder: resolve(folder), route, all, dryRun }, json);
});
