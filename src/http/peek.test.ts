import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { peek } from './peek.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function bodyOf(...pieces: string[]): ReadableStream<Uint8Array> {
  const rest = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = rest.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(bytes(piece));
    },
  });
}

test('a short body is seen whole', async () => {
  const clock = virtualClock();
  for (const pieces of [[], ['a'], ['ab', 'c']]) {
    const seen = await peek(bodyOf(...pieces), 4, 10, clock);
    expect(seen.as === 'short' && Buffer.from(seen.bytes).toString()).toBe(pieces.join(''));
  }
  expect(clock.waiting).toBe(0);
});

test('a long one comes from its beginning', async () => {
  for (const pieces of [['abcd'], ['ab', 'cd'], ['a', 'bcdef', 'g']]) {
    const seen = await peek(bodyOf(...pieces), 4, 10, virtualClock());
    expect(seen.as === 'long' && (await new Response(seen.body).text())).toBe(pieces.join(''));
  }
});

test('one that takes its time is not waited for, and loses nothing', async () => {
  const clock = virtualClock();
  let source: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller;
      controller.enqueue(bytes('a'));
    },
  });
  const peeking = peek(body, 4, 10, clock);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(10);
  const seen = await peeking;
  const given = source as ReadableStreamDefaultController<Uint8Array> | null;
  given?.enqueue(bytes('b'));
  given?.close();
  expect(seen.as === 'long' && (await new Response(seen.body).text())).toBe('ab');
});

test('it fails as the body does', async () => {
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error('cut off')),
  });
  await expect(peek(failing, 4, 10, virtualClock())).rejects.toThrow('cut off');
});
