/**
 * The rules of the code itself. Each stands in its own file in this folder, with samples that keep and break it;
 * here they are run, first on their samples, then on the repository.
 */
import { describe, expect, test } from 'bun:test';
import { calls } from './calls.ts';
import { cycles } from './cycles.ts';
import { deadFiles, unusedExports } from './dead.ts';
import { direction } from './direction.ts';
import { hitPathIsBare } from './hit-path.ts';
import { lockFile } from './lockfile.ts';
import { names } from './names.ts';
import { places } from './places.ts';
import { ratchet } from './ratchet.ts';
import { type Rule, report, sampleFiles } from './rule.ts';
import { swallowed } from './swallowed.ts';
import { repository } from './tree.ts';

const rules: readonly Rule[] = [
  direction,
  cycles,
  deadFiles,
  unusedExports,
  calls,
  swallowed,
  ratchet,
  hitPathIsBare,
  names,
  places,
  lockFile,
];

const files = await repository();

describe.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
  test('holds for the samples that keep it', () => {
    for (const sample of rule.keeps) expect(report(rule, rule.check(sampleFiles(sample)))).toBe('');
  });

  test('finds the samples that break it', () => {
    for (const { files, at } of rule.breaks) {
      const found = rule.check(sampleFiles(files)).map(({ path, line }) => `${path}:${line}`);
      expect(found).toEqual([...at]);
    }
  });

  test('holds for the repository', () => {
    expect(report(rule, rule.check(files))).toBe('');
  });
});
