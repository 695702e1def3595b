/** `meridian retention`: has the origin on this machine apply the rules of retention now, or tell what they would take away. */
import { asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { storageOptions } from './storage/options.ts';
import { workThrough } from './storage/work.ts';

const options = {
  'dry-run': { type: 'boolean', describe: 'Say what would go, and why, and take nothing away' },
  route: { type: 'string', requiresArg: true, describe: 'Which route (default: all of them)' },
  ...storageOptions,
} as const;

export default command(options, async ({ route, json, ...values }) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const dryRun = values['dry-run'] ?? false;
  return workThrough(ask, { do: 'retain', route, dryRun }, json, console.log);
});
