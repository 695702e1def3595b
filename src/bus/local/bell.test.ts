import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporary, virtualClock } from '../../../test/support/index.ts';
import { eventually } from '../../../test/support/wait.ts';
import { type Bell, openBell } from './bell.ts';

const folder = temporary('bell');
const open: Bell[] = [];

afterEach(async () => {
  for (const bell of open.splice(0)) await bell.close();
});

async function bellAt(path: string, clock = virtualClock(), rung = () => {}): Promise<Bell> {
  const fail = (error: unknown) => {
    throw error;
  };
  const bell = await openBell(path, clock, rung, fail);
  open.push(bell);
  return bell;
}

test('a ring is heard again, twice, for the one that came right after it and was lost', async () => {
  const path = join(folder.path, 'echo');
  const clock = virtualClock();
  let heard = 0;
  const near = await bellAt(path, clock, () => {
    heard++;
  });
  near.hear();
  const far = await bellAt(path);
  far.ring();
  await eventually('the ring to be heard', () => heard > 0);

  const rings = heard;
  clock.advance(5);
  expect(heard).toBe(rings + 1);
  clock.advance(20);
  expect(heard).toBe(rings + 2);
  clock.advance(60_000);
  expect(heard).toBe(rings + 2);
});

test('a bell that is closed is heard no more', async () => {
  const path = join(folder.path, 'closed');
  const clock = virtualClock();
  let heard = 0;
  const near = await bellAt(path, clock, () => {
    heard++;
  });
  near.hear();
  (await bellAt(path)).ring();
  await eventually('the ring to be heard', () => heard > 0);
  const rings = heard;
  await near.close();
  clock.advance(60_000);
  expect(heard).toBe(rings);
});
