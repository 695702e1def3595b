import { expect, test } from 'bun:test';
import { exchange, resource } from '../../../test/support/builders.ts';
import type { Answer } from '../../entry.ts';
import type { Ask } from '../../parent.ts';
import { answerOf } from '../answers.contract.ts';
import { completed } from './complete.ts';

const ask: Ask = {
  exchange: exchange(),
  named: resource(),
  stored: null,
  background: false,
  reload: false,
  signal: new AbortController().signal,
};
const beginning = { range: { start: 0, end: 4 }, sizeBytes: 10, validator: '"v1"' };

function rest(fields: Record<string, string> = {}, body = '56789'): Answer {
  return answerOf(body, { etag: '"v1"', 'content-range': 'bytes 5-9/10', ...fields }, 206);
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return Buffer.from(await Bun.readableStreamToBytes(stream)).toString();
}

test('the rest is asked for on the condition that it is of the same version', async () => {
  const parts: Ask['part'][] = [];
  const body = completed(answerOf('01234'), beginning, ask, async ({ part }) => {
    parts.push(part);
    return rest();
  });
  expect(await textOf(body)).toBe('0123456789');
  expect(parts).toEqual([{ range: 'bytes=5-', ifRange: '"v1"' }]);
});

test('what does not continue it is not added', async () => {
  for (const other of [
    rest({ etag: '"v2"' }),
    rest({ etag: 'W/"v1"' }),
    rest({ 'content-range': 'bytes 4-9/10' }),
    rest({ 'content-range': 'bytes 5-9/11' }),
    rest({ 'content-range': 'bytes 5-8/10' }),
    rest({ 'content-range': 'bytes */10' }),
    answerOf('0123456789', { etag: '"v1"' }),
    answerOf('', {}, 404),
  ]) {
    const body = completed(answerOf('01234'), beginning, ask, () => Promise.resolve(other));
    await expect(textOf(body)).rejects.toMatchObject({ code: 'upstream-changed' });
  }
});

test('a beginning that was cut off is not continued', async () => {
  const body = completed(answerOf('0123'), beginning, ask, () => Promise.resolve(rest()));
  await expect(textOf(body)).rejects.toMatchObject({ code: 'upstream-truncated' });
});

test('a beginning that nobody reads is let go of', async () => {
  let isCancelled = false;
  const unread = new ReadableStream<Uint8Array>({
    cancel() {
      isCancelled = true;
    },
  });
  const answer = { status: 206, headers: new Headers(), body: unread };
  await completed(answer, beginning, ask, () => Promise.resolve(rest())).cancel();
  expect(isCancelled).toBe(true);
});
