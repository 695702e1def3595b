import { expect, test } from 'bun:test';
import { worldWanted } from './wanted.ts';

const usual = {
  ...{ rtt: '10,65,165', mbit: '1000,200,200', traffic: '50' },
  ...{ 'slow-start': false, 'warm-shield': false },
};

test('three links are told by three numbers', () => {
  expect(worldWanted(usual)).toMatchObject({ roundTripsMs: [10, 65, 165], megabits: [1000, 200, 200] });
});

test.each([
  [{ rtt: '10,65' }, '--rtt has to be three numbers of milliseconds'],
  [{ rtt: '10,65,-1' }, '--rtt has to be three numbers'],
  [{ mbit: 'fast' }, '--mbit has to be three numbers of Mbit/s'],
  [{ traffic: 'much' }, '--traffic has to be a number of requests per second'],
])('%p is refused', (more, why) => {
  expect(() => worldWanted({ ...usual, ...more })).toThrow(why);
});
