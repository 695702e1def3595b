/** How a tree is resolved beside others, and what is told of one for which there is no time. */
import { expect, test } from 'bun:test';
import { readVersion } from '../version.ts';
import type { Candidate, Candidates } from './candidates.ts';
import { type Requirement, readRequirement } from './requirement.ts';
import { type Known, resolve } from './resolve.ts';

/** Of projects `p0` to `p<count>`, each needs the next one, and there is one version of each but the last: of that, there are many. */
function chain(count: number, last: readonly string[] = ['1.0']): Known {
  const candidate = (project: string, text: string): Candidate => {
    const version = readVersion(text);
    if (version === null) throw new Error(`${text} is no version`);
    const name = `${project}-${text}-py3-none-any.whl`;
    const file = { ...{ name, requiresPython: null, isYanked: false, hasMetadata: true }, ...noSize };
    return { project, version, text, file, isWheel: true };
  };
  const numberOf = (project: string) => Number(project.slice(1));
  const made = new Map<string, readonly Candidate[]>();
  const all = (project: string) => {
    const known = made.get(project);
    if (known !== undefined) return known;
    const found = (numberOf(project) < count ? ['1.0'] : last).map((text) => candidate(project, text));
    made.set(project, found);
    return found;
  };
  return {
    candidates: (project): Candidates => ({
      those: (mayBe) => all(project).filter(({ version }) => mayBe(version)),
      at: () => null,
    }),
    needs: ({ project }) =>
      numberOf(project) < count ? [required(`p${numberOf(project) + 1}`)] : [required('p0==2.0')],
  };
}

const noSize = { sizeBytes: null, uploadedMs: null };

function required(text: string): Requirement {
  const requirement = readRequirement(text);
  if (requirement === null) throw new Error(`${text} is no requirement`);
  return requirement;
}

/** Rests so many times before there is no time left. */
function rests(most: number) {
  let count = 0;
  return { rest: async () => ++count <= most, count: () => count };
}

test('whoever resolves a tree lets others have a turn before each version that he tries', async () => {
  const known = chain(20);
  const { rest, count } = rests(1_000);
  const plain: Known = {
    ...known,
    needs: (each, extras) => (each.project === 'p20' ? [] : known.needs(each, extras)),
  };
  const { taken, isSolved } = await resolve([required('p0')], plain, rest);
  expect([taken.length, isSolved, count()]).toEqual([21, true, 21]);
  const vain = rests(1_000);
  const versions = Array.from({ length: 50 }, (_, nth) => `1.${50 - nth}`);
  await resolve([required('p0')], chain(2, versions), vain.rest);
  expect(vain.count()).toBeGreaterThan(50);
});

test('what is known when no time is left is told as it is, and not as solved', async () => {
  const { taken, steps, isSolved } = await resolve([required('p0')], chain(20), rests(5).rest);
  expect(taken.map(({ project }) => project)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
  expect(steps.flatMap((step) => ('project' in step ? [step.project] : []))).toEqual([
    ...['p0', 'p1', 'p2', 'p3', 'p4', 'p5'],
  ]);
  expect(isSolved).toBe(false);
});
