import { expect, test } from 'bun:test';
import { Budget } from '../budget.ts';
import { collect } from './upstream.ts';

function answerOf(chunks: readonly Uint8Array[], fields: Record<string, string> = {}) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return { status: 200, headers: new Headers(fields), body };
}

const text = (buffers: readonly ArrayBuffer[]) =>
  buffers.map((buffer) => Buffer.from(buffer).toString()).join('');

test('a collected body has buffers of its own, also where its chunks shared one', async () => {
  const shared = new TextEncoder().encode('one two');
  const answer = answerOf([shared.subarray(0, 4), shared.subarray(4), new TextEncoder().encode(' three')]);
  const buffers = await collect(answer, 100, new Budget(100).share());
  expect(text(buffers)).toBe('one two three');
  expect(buffers).not.toContain(shared.buffer);
});

test('a body that is shorter than announced was cut off', async () => {
  const short = answerOf([new Uint8Array(5)], { 'content-length': '6' });
  await expect(collect(short, 100, new Budget(100).share())).rejects.toMatchObject({
    code: 'upstream-truncated',
  });
  const packed = answerOf([new Uint8Array(5)], { 'content-length': '6', 'content-encoding': 'gzip' });
  expect(await collect(packed, 100, new Budget(100).share())).toHaveLength(1);
});

test('bodies that are collected at the same time share a budget, and give it back', async () => {
  const budget = new Budget(10);
  const [first, second] = [budget.share(), budget.share()];
  await collect(answerOf([new Uint8Array(8)]), 100, first);
  const refused = collect(answerOf([new Uint8Array(8)]), 100, second);
  await expect(refused).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 2 });
  second.release();
  first.release();
  first.release();
  await collect(answerOf([new Uint8Array(10)]), 100, budget.share());
  expect(() => second.take(1)).toThrow('overloaded');
});
