/**
 * `Server-Timing` (W3C Server Timing): where the time went.
 *
 * Every response has one, so writing it has to cost next to nothing: durations below 10 ms, which is where
 * hits are, come from a table at microsecond resolution.
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

/** One text for each microsecond below 10 ms, made when it is first wanted. At most 10,000 short strings. */
const texts: (string | undefined)[] = new Array(10_000).fill(undefined);

/** Milliseconds, to the microsecond below 10 ms and to a tenth from there on. Never an exponent. */
function durationText(ms: number): string {
  if (!(ms > 0)) return '0';
  const microseconds = Math.round(ms * 1000);
  if (microseconds >= texts.length) return String(Math.round(Math.min(ms, maxMs) * 10) / 10);
  const known = texts[microseconds];
  if (known !== undefined) return known;
  const text = String(microseconds / 1000);
  texts[microseconds] = text;
  return text;
}
const maxMs = 1e15;

function parameter(parameters: readonly string[], name: string): string | undefined {
  const prefix = `${name}=`;
  const found = parameters.find((text) => text.toLowerCase().startsWith(prefix));
  return found === undefined ? undefined : argument(found.slice(prefix.length));
}
