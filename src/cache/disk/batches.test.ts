import { expect, test } from 'bun:test';
import { batches } from './batches.ts';

function world(refuses: (size: number) => boolean = () => false) {
  const written: number[][] = [];
  const writing = batches((items: readonly { readonly bytes: Uint8Array }[]) => {
    const sizes = items.map(({ bytes }) => bytes.length);
    written.push(sizes);
    return sizes.map((size) => !refuses(size));
  });
  const add = (...sizes: number[]) =>
    Promise.all(sizes.map((size) => writing.add({ bytes: new Uint8Array(size) })));
  return { written, writing, add };
}

test('what comes at the same time is written together, and each learns what became of it', async () => {
  const { written, add } = world((size) => size === 2);
  const early = add(1, 2);
  expect(written).toEqual([]);
  expect(await Promise.all([early, add(3)])).toEqual([[true, false], [true]]);
  expect(written).toEqual([[1, 2, 3]]);
  expect(await add(4)).toEqual([true]);
  expect(written).toEqual([[1, 2, 3], [4]]);
});

test('not too many are written in one go, nor too much', async () => {
  const many = world();
  await many.add(...Array.from({ length: 20 }, () => 1));
  expect(many.written.map(({ length }) => length)).toEqual([16, 4]);
  const much = world();
  await much.add(200_000, 50_000, 50_000, 300_000, 1);
  expect(much.written).toEqual([[200_000, 50_000], [50_000], [300_000], [1]]);
});

test('in between, others have their turn', async () => {
  const { written, add } = world();
  const adding = add(...Array.from({ length: 32 }, () => 1));
  let seen = -1;
  while (written.length === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
  seen = written.length;
  await adding;
  expect([seen, written.length]).toEqual([1, 2]);
});

test('at the end nothing waits any longer', async () => {
  const { written, writing, add } = world();
  const adding = add(1, 2);
  writing.flush();
  expect(written).toEqual([[1, 2]]);
  expect(await adding).toEqual([true, true]);
  writing.flush();
  expect(written).toHaveLength(1);
});
