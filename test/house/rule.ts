/**
 * A rule of the house: a pure function over files, which brings along samples that keep it and samples that break
 * it. `house.test.ts` runs every rule on its own samples first (a rule that can not fail is worth nothing), then
 * on the repository.
 */
import { type Source, source, type Violation } from './source.ts';

export interface Rule {
  /** Read as a sentence by the test's name. */
  readonly name: string;
  /** What goes wrong without it: shown with every violation. */
  readonly why: string;
  check(files: readonly Source[]): readonly Violation[];
  readonly keeps: readonly Sample[];
  readonly breaks: readonly Broken[];
}

/** Path → text of a small repository. */
export type Sample = Readonly<Record<string, string>>;

export interface Broken {
  readonly files: Sample;
  /** Where the violations are expected, as `path:line`, in order. */
  readonly at: readonly string[];
}

export function sampleFiles(sample: Sample): Source[] {
  return Object.entries(sample).map(([path, text]) => source(path, text));
}

/** `path:line message`, one a line: an editor's terminal makes links of them. */
export function report(rule: Rule, found: readonly Violation[]): string {
  if (found.length === 0) return '';
  const lines = found.map(({ path, line, message }) => `  ${path}:${line} ${message}`);
  return [`${rule.name}: ${rule.why}`, ...lines].join('\n');
}
