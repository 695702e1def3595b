import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { leaving } from './leaving.ts';

function world() {
  const clock = virtualClock();
  const referred = new Set<string>();
  const removed: string[] = [];
  let gate = Promise.resolve();
  const files = leaving({
    clock,
    isReferred: (sha256) => referred.has(sha256),
    async remove(sha256) {
      await gate;
      removed.push(sha256);
    },
  });
  const holdUp = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { clock, referred, removed, files, holdUp };
}

test('a file stays for a while, and goes then', async () => {
  const { clock, removed, files } = world();
  files.add('a');
  clock.advance(20_000);
  files.add('b');
  await files.sweep();
  expect(removed).toEqual([]);
  clock.advance(10_000);
  await files.sweep();
  expect(removed).toEqual(['a']);
  clock.advance(20_000);
  await files.sweep();
  expect(removed).toEqual(['a', 'b']);
});

test('a file that is referred to again, or about to be, stays', async () => {
  const { clock, referred, removed, files } = world();
  for (const name of ['again', 'soon', 'not']) files.add(name);
  referred.add('again');
  await files.hold('soon');
  clock.advance(30_000);
  await files.sweep();
  expect(removed).toEqual(['not']);
});

test('who wants a file that is just being deleted waits until it is gone', async () => {
  const { clock, removed, files, holdUp } = world();
  const goOn = holdUp();
  files.add('a');
  clock.advance(30_000);
  const sweeping = files.sweep();
  let held = false;
  const holding = files.hold('a').then(() => {
    held = true;
  });
  await Promise.resolve();
  expect(held).toBe(false);
  goOn();
  await Promise.all([sweeping, holding]);
  expect(removed).toEqual(['a']);
});

test('a file is held until the last holder lets go of it', async () => {
  const { removed, files } = world();
  await files.hold('a');
  await files.hold('a');
  files.release('a');
  await files.remove('a');
  expect(removed).toEqual([]);
  files.release('a');
  await files.remove('a');
  expect(removed).toEqual(['a']);
});
