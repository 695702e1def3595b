/**
 * Random requests, answers, failures, purges, restarts and moves of the clock, in any order, and what must hold after
 * each (`model.contract.ts`); and the orders in which something once did not.
 */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { play, type Step, step } from './model.contract.ts';

for (const [disk, numRuns] of [
  [false, 200],
  [true, 40],
] as const) {
  test(`whatever happens, ${disk ? 'with' : 'without'} a disk`, async () => {
    const seed = process.env['SEED'] ? { seed: Number(process.env['SEED']) } : {};
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        expect(await play(steps, disk)).toEqual([]);
      }),
      { numRuns: Number(process.env['RUNS'] ?? numRuns), ...seed },
    );
  }, 60_000);
}

const get: Step = { act: 'request', key: 0, variant: 0 };
const other: Step = { ...get, key: 2 };
const purge: Step = { act: 'purge', key: 0, by: 'tag', soft: false };
const reload: Step = { ...get, reload: true };
const failDisk: Step = { act: 'fail the disk' };
const answer = (which: number, how = 'whole'): Step => ({ act: 'answer', which, how, policy: 0 });
/** Every third body is too long for memory. */
const twoShort = [{ ...get, key: 1 }, answer(0), other, answer(0)];

test.each<[string, readonly Step[]]>([
  [
    'a long body comes for many while the disk is out of use',
    [...twoShort, get, get, get, failDisk, answer(0)],
  ],
  [
    'the disk fails before the rest of a long body comes',
    [...twoShort, get, answer(0, 'slow'), failDisk, { act: 'finish', which: 0, whole: true }, get, get],
  ],
  [
    'those who waited for what has no place find that others have stored something meanwhile',
    [get, get, get, reload, answer(1), reload, failDisk, answer(1), answer(0)],
  ],
  [
    'those who waited for an answer that another one has overtaken can have that other one',
    [other, other, purge, other, answer(1, 'slow'), reload, answer(0), { act: 'wait', ms: 12_000 }, other],
  ],
])('once went wrong: %s', async (_, steps) => {
  expect(await play(steps, true)).toEqual([]);
});
