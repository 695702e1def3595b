/** `meridian gc`: has the origin on this machine collect blobs that nothing refers to, now. */
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  'dry-run': { type: 'boolean', describe: 'Say what would be deleted, and delete nothing' },
  ...storageOptions,
} as const;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  return workThrough(ask, { do: 'collect', dryRun: values['dry-run'] ?? false }, values.json);
});
