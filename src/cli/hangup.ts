/**
 * SIGHUP says two things: "read your config again" from an administrator, "your terminal is gone" from the
 * system. A process that was started on a terminal which is no longer there was told the second.
 */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { StopSignal } from './stop-signal.ts';

export function onHangup(stop: StopSignal, reload: () => Promise<unknown>): void {
  const interactive = isatty(0);
  process.on('SIGHUP', () => {
    if (interactive && !hasTerminal()) stop.ask('the terminal is gone');
    else void reload();
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false; // that it cannot be opened is the answer
  }
}
