import { expect, test } from 'bun:test';
import { allowedCores } from './machine.ts';

test('the cores that a container was given are used, whichever they are', () => {
  expect(allowedCores('Name:\tbun\nCpus_allowed_list:\t0-1,4,8-9\n')).toEqual([0, 1, 4, 8, 9]);
});
