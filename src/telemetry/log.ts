/**
 * The log of a process: what happened to it, for the people who run it. Requests have a log of their own
 * (`access-log.ts`).
 *
 * Human on a terminal, one JSON object per line everywhere else; the fields are the same.
 */
import type { Clock } from '../clock.ts';
import { escapeControls } from './escape.ts';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line of it bears. */
  child(fields: LogFields): Log;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  readonly format: 'human' | 'json';
  /** Colours, in the human format. */
  readonly colour?: boolean;
  readonly clock: Clock;
  /** Takes one whole line, with its line break. */
  readonly write: (line: string) => void;
}

export function openLog(options: LogOptions, fields: LogFields = {}): Log {
  const lowest = logLevels.indexOf(options.level);
  const format = options.format === 'json' ? jsonLine : humanLine;
  const at = (level: LogLevel) => (message: string, more?: LogFields) => {
    if (logLevels.indexOf(level) < lowest) return;
    options.write(`${format(options, level, message, { ...fields, ...more })}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => openLog(options, { ...fields, ...more }),
  };
}

/** A log that says nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

type Write = (options: LogOptions, level: LogLevel, message: string, fields: LogFields) => string;

const jsonLine: Write = ({ clock }, level, message, fields) => {
  const time = new Date(clock.now()).toISOString();
  return safeJson({ time, level, message, ...fields });
};

const colours = { debug: 2, info: 36, warn: 33, error: 31 };

/** `12:04:31 warn  the disk cache cannot be opened  folder=/var/…`, and the stack of an error below it. */
const humanLine: Write = ({ clock, colour }, level, message, fields) => {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const time = new Date(clock.now()).toISOString().slice(11, 19);
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const shown = pairs.map(([name, value]) => ` ${paint(2, `${name}=`)}${humanValue(value)}`).join('');
  const stacks = pairs.flatMap(([, value]) =>
    value instanceof Error && level !== 'info' ? causes(value) : [],
  );
  const below = stacks.map((line) => `\n    ${paint(2, line)}`).join('');
  return `${paint(2, time)} ${paint(colours[level], level.padEnd(5))} ${escapeControls(message)}${shown}${below}`;
};

function humanValue(value: unknown): string {
  if (typeof value === 'string')
    return /^[\w./:@%+,-]+$/.test(value) ? value : JSON.stringify(escapeControls(value));
  if (value instanceof Error) return JSON.stringify(escapeControls(value.message));
  return escapeControls(safeJson(value));
}

/** Where an error was thrown and what caused it, a few lines each. */
function causes(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  const own = frames.slice(0, 6).map((line) => escapeControls(line.trim()));
  if (error.cause === undefined) return own;
  const cause = error.cause instanceof Error ? error.cause : new Error(String(error.cause));
  return [...own, escapeControls(`caused by ${cause.name}: ${cause.message}`), ...causes(cause)];
}

/** JSON of anything: errors with their message, code, stack and cause; circles cut. */
function safeJson(value: unknown): string {
  const above: unknown[] = [];
  const replace = function (this: unknown, _key: string, item: unknown): unknown {
    while (above.length > 0 && above.at(-1) !== this) above.pop();
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return item;
    if (above.includes(item)) return '(circular)';
    const plain = item instanceof Error ? errorFields(item) : item;
    above.push(plain);
    return plain;
  };
  return JSON.stringify(value, replace) ?? String(value);
}

function errorFields(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { name, message, code, stack, cause };
}
