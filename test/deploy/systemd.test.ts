/** The systemd unit, judged by systemd itself. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { available } from '../support/needs.ts';
import { temporary } from '../support/temporary.ts';
import { ran } from './ran.ts';

const unit = join(import.meta.dir, '../../deploy/systemd/meridian@.service');
const problem = Bun.which('systemd-analyze') ? null : 'systemd-analyze is not installed';

test.skipIf(!available('systemd', problem))('the unit is well-formed and keeps to itself', async () => {
  using folder = temporary('systemd');
  // systemd looks whether the program is there: any program will do.
  const text = await Bun.file(unit).text();
  const copy = join(folder.path, 'meridian@.service');
  await Bun.write(copy, text.replace('/usr/local/bin/meridian', '/bin/sleep'));
  const { stdout, stderr } = await ran(['systemd-analyze', 'verify', '--man=no', copy]);
  expect(stdout + stderr).toBe('');
  // 0 is closed, 10 is wide open.
  await ran(['systemd-analyze', 'security', '--offline=true', '--threshold=25', copy]);
});
