/** `meridian export`: has the origin on this machine write what lives on a route to a folder: packages, or images. */
import { resolve } from 'node:path';
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { routeOption, storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  folder: {
    type: 'string',
    describe: 'The folder; what an earlier run has written stays. Of images also a file: `images.tar`',
    demandOption: true,
  },
  what: {
    type: 'string',
    array: true,
    describe: 'Of images: repositories, tags, digests (`acme/app:v1`); without any, all',
  },
  'dry-run': { type: 'boolean', describe: 'Count what would be written, and write nothing' },
  ...routeOption,
  ...storageOptions,
} as const;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const { folder, what = [], route, json } = values;
  const dryRun = values['dry-run'] ?? false;
  return workThrough(ask, { do: 'export', folder: resolve(folder), what, route, dryRun }, json);
});
