/**
 * `meridian version`
 */
import meridian from '../../package.json' with { type: 'json' };
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';

export const { version } = meridian;

export default command({ ...jsonOption }, async ({ json }) => {
  const versions = { meridian: version, bun: Bun.version, platform: `${process.platform}-${process.arch}` };
  if (json) console.log(JSON.stringify(versions));
  else console.log(`meridian ${versions.meridian} (bun ${versions.bun}, ${versions.platform})`);
  return exit.ok;
});
