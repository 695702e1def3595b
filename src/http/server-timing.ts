/**
 * `Server-Timing` (W3C Server Timing): where the time went.
 *
 * Every response has one, so writing it has to cost next to nothing: metrics below 10 ms, which is where hits
 * are, come whole from a table at a resolution of 10 µs, so that most hits write what the one before them wrote.
 */
import { argument, quoted, split } from './syntax.ts';

export interface Timing {
  readonly name: string;
  readonly durationMs: number | undefined;
  readonly description: string | undefined;
}

/**
 * One metric, such as `cache;desc="hit";dur=0.012`.
 *
 * @param name a token.
 * @param description any text.
 */
export function timing(name: string, durationMs: number, description?: string): string {
  const duration = durationText(durationMs);
  if (description === undefined) return `${name};dur=${duration}`;
  return `${name};desc=${quoted(description)};dur=${duration}`;
}

/** What `timing` makes of one name's durations, without making it again. */
export function timer(name: string): (durationMs: number) => string {
  const known: (string | undefined)[] = new Array(tableSize).fill(undefined);
  return (durationMs) => {
    const step = durationMs > 0 ? Math.round(durationMs * stepsPerMs) : 0;
    if (step >= tableSize) return timing(name, durationMs);
    const text = known[step] ?? timing(name, durationMs);
    known[step] = text;
    return text;
  };
}

/** For tests and tools. Of a parameter that comes twice the first counts, what is malformed is left out. */
export function parseServerTiming(value: string): Timing[] {
  return split(value, ',').map((member) => {
    const [name = '', ...parameters] = split(member, ';');
    const duration = Number(parameter(parameters, 'dur') ?? Number.NaN);
    return {
      name,
      durationMs: Number.isNaN(duration) ? undefined : duration,
      description: parameter(parameters, 'desc'),
    };
  });
}

/** Steps of 10 µs below 10 ms. */
const stepsPerMs = 100;
const tableSize = 10 * stepsPerMs;

/** Milliseconds, in steps of 10 µs below 10 ms and in tenths from there on. Never an exponent. */
function durationText(ms: number): string {
  if (!(ms > 0)) return '0';
  const steps = Math.round(ms * stepsPerMs);
  return String(steps < tableSize ? steps / stepsPerMs : Math.round(Math.min(ms, maxMs) * 10) / 10);
}
const maxMs = 1e15;

function parameter(parameters: readonly string[], name: string): string | undefined {
  const prefix = `${name}=`;
  const found = parameters.find((text) => text.toLowerCase().startsWith(prefix));
  return found === undefined ? undefined : argument(found.slice(prefix.length));
}
