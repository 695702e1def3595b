/** `meridian import`: takes packages or images into the origin on this machine, from a folder or a file that it can read. */
import { resolve } from 'node:path';
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { routeOption, storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  from: {
    choices: ['verdaccio', 'tarballs', 'oci'],
    describe:
      "How the folder is laid out: as Verdaccio's storage, or what `meridian export` has written of packages; as any tarballs; as an OCI image layout, or what it has written of images",
    demandOption: true,
  },
  folder: { type: 'string', describe: 'The folder; of images also a tar archive', demandOption: true },
  all: { type: 'boolean', describe: 'What Verdaccio has pulled from elsewhere, too' },
  as: {
    type: 'string',
    requiresArg: true,
    describe: 'Of images: the repository that they go to (`acme/app`), with a tag where there is only one',
  },
  move: { type: 'boolean', describe: 'Of images: move tags that stand for something else here' },
  'dry-run': { type: 'boolean', describe: 'Look at everything, and change nothing' },
  ...routeOption,
  ...storageOptions,
} as const;

export default command(options, async (values) => {
  const { from, folder, route, all = false, as, move = false, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const dryRun = values['dry-run'] ?? false;
  const order = { do: 'import', from, folder: resolve(folder), route, all, as, move, dryRun } as const;
  return workThrough(ask, order, json);
});
