/**
 * `meridian reference`: every config parameter, or every metric, of this very version.
 */
import { reference } from '../config/reference.ts';
import { metricsReference } from '../telemetry/metrics/reference.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';

const options = {
  of: { choices: ['config', 'metrics'], default: 'config', describe: 'Parameters, or metrics' },
} as const;

export default command(options, async ({ of }) => {
  process.stdout.write(of === 'metrics' ? metricsReference() : reference());
  return exit.ok;
});
