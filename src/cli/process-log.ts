/**
 * The log of this process, on standard error: standard output is for what a command is asked for.
 */
import { systemClock } from '../clock.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { type LogValues, logLevelOf } from './settings.ts';

export function openProcessLog(values: LogValues): Log {
  return openLog({
    level: logLevelOf(values),
    format: isHuman(values) ? 'human' : 'json',
    colour: isColoured(process.stderr.isTTY),
    clock: systemClock,
    write: (line) => void process.stderr.write(line),
  });
}

/** Unless said, people read at terminals and programs everywhere else. */
export function isHuman(values: LogValues): boolean {
  return values['log-format'] === undefined ? process.stderr.isTTY : values['log-format'] === 'human';
}

/** By the conventions of no-color.org and force-color.org. */
export function isColoured(terminal: boolean): boolean {
  if (process.env.NO_COLOR) return false;
  return terminal || Boolean(process.env.FORCE_COLOR);
}
