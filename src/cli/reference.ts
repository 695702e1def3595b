/**
 * `meridian reference`: every config parameter of this very version.
 */
import { reference } from '../config/reference.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';

export default command({}, async () => {
  process.stdout.write(reference());
  return exit.ok;
});
