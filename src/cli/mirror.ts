/** `meridian mirror`: has the origin on this machine keep for good what a lock file names, for when no upstream can be reached. */
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { readLockFile } from './storage/lock-file.ts';
import { storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  lock: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml or yarn.lock',
  },
  route: { type: 'string', requiresArg: true, describe: 'Which route, where there are several of npm' },
  ...storageOptions,
} as const;

export default command(options, async ({ lock, route, ...values }) => {
  const { packages, others } = readLockFile(lock, await Bun.file(lock).text());
  for (const other of others) console.error(`${other}: comes from no registry, and is left out`);
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  return workThrough(ask, { do: 'mirror', route, packages: [...packages] }, values.json);
});
