/**
 * What zod found wrong, as mistakes that a person can act on.
 */
import type { z } from 'zod';
import { suggest } from '../messages/suggest.ts';
import { oneOfWords } from './kinds.ts';
import { describe, formatPath, type Mistake } from './mistake.ts';
import { member, type Outline, outline, outlineAt } from './outline.ts';
import * as schema from './schema.ts';
import { hasVariable } from './variables.ts';

type Issue = z.core.$ZodIssue;

const whole = outline(schema.network);

/**
 * One mistake for each issue. `written` is what the config file says, `input` the same with its variables
 * filled in, which is what zod saw.
 */
export function mistakesOf(issues: readonly Issue[], written: unknown, input: unknown): Mistake[] {
  return issues.flatMap((issue) => translate(issue, [], { written, input }));
}

interface Source {
  readonly written: unknown;
  readonly input: unknown;
}

type Path = readonly PropertyKey[];

function translate(issue: Issue, above: Path, source: Source): Mistake[] {
  const path = [...above, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, source));
    case 'invalid_key':
      return [mistake(path, issue.issues[0]?.message ?? 'another name', describe(path.at(-1)))];
    case 'invalid_union':
      return unionMistakes(issue, path, source);
    case 'invalid_type':
      return [mistake(path, expectedAt(path, source), foundAt(path, source))];
    default:
      return [mistake(path, issue.message, foundAt(path, source))];
  }
}

function unknownKey(path: Path, key: string, { input }: Source): Mistake {
  const here = outlineAt(whole, path, input);
  const known = here?.kind === 'group' ? here.fields.map(({ name }) => name) : [];
  const expected = known.length === 0 ? 'no such parameter' : `one of ${known.join(', ')}`;
  return { ...mistake([...path, key], expected, 'an unknown parameter'), ...suggest(key, known) };
}

/** The mistakes of the alternative that was meant: the one whose issues lie deeper than the whole value. */
function unionMistakes(issue: z.core.$ZodIssueInvalidUnion, path: Path, source: Source): Mistake[] {
  if (issue.discriminator !== undefined) return [unknownChoice(issue.discriminator, path, source)];
  const meant = issue.errors.find((errors) =>
    errors.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  if (meant !== undefined) return meant.flatMap((error) => translate(error, path, source));
  return [mistake(path, `false, or ${expectedAt(path, source)}`, foundAt(path, source))];
}

function unknownChoice(name: string, path: Path, source: Source): Mistake {
  const choice = outlineAt(whole, path.slice(0, -1), source.input);
  const words = choice?.kind === 'choice' ? choice.options.flatMap((option) => literalsOf(option, name)) : [];
  const value = path.reduce(member, source.input);
  const hint = typeof value === 'string' ? suggest(value, words) : {};
  return { ...mistake(path, oneOfWords(words), foundAt(path, source)), ...hint };
}

function literalsOf(option: Outline, name: string): string[] {
  if (option.kind !== 'group') return [];
  const literal = option.fields.find((field) => field.name === name)?.of;
  return literal?.kind === 'literal' ? literal.values.map(String) : [];
}

function mistake(path: Path, expected: string, found: string): Mistake {
  return { path: formatPath(path), expected, found };
}

function expectedAt(path: Path, { input }: Source): string {
  const here = outlineAt(whole, path, input);
  return here !== undefined && 'row' in here && here.row !== undefined ? here.row.expected : 'another value';
}

/** What came out of a variable is not repeated, wherever it stands: it may be a credential. */
function foundAt(path: Path, { written, input }: Source): string {
  const value = path.reduce(member, input);
  const source = path.reduce(member, written);
  if (typeof value !== 'string' || !hasVariable(source)) return describe(value, path);
  return `${describe(source)}, which is text of ${value.length} characters`;
}
