/** `meridian mirror`: has the origin on this machine keep for good what a lock file names, for when no upstream can be reached. */
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { lockFormats, readLockFile } from './storage/lock-file.ts';
import { storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  file: { type: 'string', describe: `The lock file: ${lockFormats}` },
  lock: { type: 'string', requiresArg: true, describe: 'The same' },
  route: {
    type: 'string',
    requiresArg: true,
    describe: 'Which route (default: the first of that ecosystem)',
  },
  ...storageOptions,
} as const;

export default command(options, async ({ file, lock, route, ...values }) => {
  const path = file ?? lock;
  if (path === undefined || (file !== undefined && lock !== undefined))
    throw new UsageError(`Which lock file? One of: ${lockFormats}`);
  const { protocol, packages, others } = readLockFile(path, await Bun.file(path).text());
  for (const other of others) console.error(`${other}: comes from no registry, and is left out`);
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  return workThrough(ask, { do: 'mirror', route, protocol, packages: [...packages] }, values.json);
});
