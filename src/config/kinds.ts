/**
 * The kinds of parameter that the config table is made of. Each is a zod schema with a row in `rows`:
 * what the parameter means, its unit, and what a valid value looks like. Validation messages and the
 * reference page are made of these rows.
 */
import { z } from 'zod';
import * as forms from './forms.ts';
import { type Duration, parseDuration, parseSize, type Size } from './units.ts';

export interface Row {
  /** One or two sentences for the reference page. */
  readonly means: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** In a word or two, with the unit. */
  readonly type: string;
  /** What happens without it, where that is not a plain value: completes "Without it: …". */
  readonly otherwise?: string;
}

export const rows = z.registry<Row>();

/** One value. `read` gives the parsed value, or `undefined` for one that is not valid. */
export function leaf<In, Out>(row: Row, read: (value: unknown) => Out | undefined): z.ZodType<Out, In> {
  return z
    .custom<In>()
    .transform((value, context): Out => {
      const parsed = read(value);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: row.expected, input: value });
      return z.NEVER;
    })
    .register(rows, row);
}

/** Several named parameters; unknown names are mistakes. */
export function group<Shape extends z.core.$ZodLooseShape>(means: string, shape: Shape) {
  return z
    .strictObject(shape)
    .register(rows, { means, expected: `an object with ${Object.keys(shape).join(', ')}`, type: 'group' });
}

export function list<Of extends z.ZodType>(means: string, of: Of, otherwise?: string) {
  const row: Row = { means, expected: 'a list', type: 'list' };
  return z.array(of).register(rows, otherwise === undefined ? row : { ...row, otherwise });
}

type TextOptions = { readonly expected: string; readonly otherwise?: string };

/** Text that `read` turns into its canonical form (or `undefined` when it is not valid). */
export function text(
  means: string,
  options: TextOptions,
  read: (value: string) => string | undefined,
): z.ZodType<string, string> {
  return leaf({ means, type: 'text', ...options }, (value) =>
    typeof value === 'string' ? read(value) : undefined,
  );
}

/** Text that means something to somebody else. */
export const anyText = (means: string, options: TextOptions) =>
  text(means, options, (value) => (value === '' ? undefined : value));

export const url = (means: string, otherwise?: string) => {
  const expected = 'an absolute http or https URL without user name, query and fragment';
  return text(means, otherwise === undefined ? { expected } : { expected, otherwise }, forms.httpUrl);
};

/** A name of something of this network. */
export const label = (means: string) =>
  text(
    means,
    { expected: "a name of lower-case letters, digits and inner dashes, such as 'pop-1'" },
    forms.label,
  );

/** What somebody else is shown, so as to be let in. */
export const authorization = (means: string) =>
  text(
    means,
    { expected: "the value of an Authorization field, such as 'Bearer …'", otherwise: 'none is sent' },
    forms.fieldValue,
  );

/** A path of the file system, relative to the config file unless it is absolute. */
export const path = (means: string, otherwise?: string) => {
  const expected = 'a path';
  const read = (value: string) => (value === '' || value.includes('\0') ? undefined : value);
  return text(means, otherwise === undefined ? { expected } : { expected, otherwise }, read);
};

interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function size(means: string, bounds: Bounds = {}, otherwise?: string): z.ZodType<number, Size> {
  const expected = `a size: bytes, or text such as '64 MiB'${inWords(bounds, '')}`;
  const row = { means, expected, type: `size in bytes${inWords(bounds, '')}` };
  return leaf(otherwise === undefined ? row : { ...row, otherwise }, (value) =>
    within(parseSize(value), bounds),
  );
}

/** What timers can wait for, in milliseconds: 24 days. As seconds, 68 years. */
const longest = 2 ** 31 - 1;

export function milliseconds(means: string, bounds: Bounds = {}): z.ZodType<number, Duration> {
  const expected = `a duration: milliseconds, or text such as '30s'${inWords(bounds, ' ms')}`;
  const type = `duration in ms${inWords(bounds, '')}`;
  return leaf({ means, expected, type }, (value) =>
    within(parseDuration(value, 1), { atMost: longest, ...bounds }),
  );
}

export function seconds(means: string, bounds: Bounds = {}, otherwise?: string): z.ZodType<number, Duration> {
  const expected = `a duration: seconds, or text such as '10m'${inWords(bounds, ' s')}`;
  const row = { means, expected, type: `duration in s${inWords(bounds, '')}` };
  return leaf(otherwise === undefined ? row : { ...row, otherwise }, (value) =>
    within(parseDuration(value, 1000), { atMost: longest, ...bounds }),
  );
}

export function count(means: string, from: number, to: number): z.ZodType<number, number> {
  const expected = `a whole number from ${from} to ${to}`;
  return leaf({ means, expected, type: `number from ${from} to ${to}` }, (value) =>
    typeof value === 'number' && Number.isInteger(value)
      ? within(value, { atLeast: from, atMost: to })
      : undefined,
  );
}

/** A number that need not be whole, such as a place on a map. */
export function decimal(means: string, from: number, to: number): z.ZodType<number, number> {
  const expected = `a number from ${from} to ${to}`;
  return leaf({ means, expected, type: expected.slice(2) }, (value) =>
    typeof value === 'number' ? within(value, { atLeast: from, atMost: to }) : undefined,
  );
}

function inWords({ atLeast, atMost }: Bounds, unit: string): string {
  const least = atLeast === undefined ? '' : `, at least ${atLeast}${unit}`;
  return atMost === undefined ? least : `${least}, at most ${atMost}${unit}`;
}

function within(
  value: number | undefined,
  { atLeast = 0, atMost = Number.MAX_SAFE_INTEGER }: Bounds,
): number | undefined {
  return value !== undefined && value >= atLeast && value <= atMost ? value : undefined;
}

export function flag(means: string, otherwise?: string): z.ZodType<boolean, boolean> {
  const row: Row = { means, expected: 'true or false', type: 'boolean' };
  return leaf(otherwise === undefined ? row : { ...row, otherwise }, (value) =>
    typeof value === 'boolean' ? value : undefined,
  );
}

/** `'a', 'b' or 'c'`. */
export function oneOfWords(words: readonly string[]): string {
  return words
    .map((word) => `'${word}'`)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');
}

export function oneOf<const Word extends string>(
  means: string,
  words: readonly Word[],
  otherwise?: string,
): z.ZodType<Word, Word> {
  const expected = oneOfWords(words);
  const type = words.map((word) => `\`'${word}'\``).join(', ');
  const row = { means, expected, type };
  return leaf(otherwise === undefined ? row : { ...row, otherwise }, (value) =>
    words.find((word) => word === value),
  );
}
