import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { wholeIfDocument, wholeIfSmall } from './small-body.ts';

function pieces() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  return { body, push: (text: string) => controller.enqueue(Buffer.from(text)), controller };
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

test('a small body that is there promptly is whole', async () => {
  const { body, push, controller } = pieces();
  const whole = wholeIfSmall(body, 10, virtualClock());
  push('hello');
  push('world');
  controller.close();
  expect(Buffer.from((await whole) as Uint8Array).toString()).toBe('helloworld');
});

test('one that drips is streamed from its beginning after a moment', async () => {
  const clock = virtualClock();
  const { body, push, controller } = pieces();
  const waiting = wholeIfSmall(body, 10, clock);
  push('hel');
  await Bun.sleep(0);
  clock.advance(50);
  const streamed = await waiting;
  if (!(streamed instanceof ReadableStream)) throw new Error('was not streamed');
  push('lo');
  controller.close();
  expect(await text(streamed)).toBe('hello');
});

test('a long one, and one of unknown length, is streamed at once', async () => {
  for (const announced of [64 * 1024 + 1, null]) {
    const { body } = pieces();
    expect(await wholeIfSmall(body, announced, virtualClock())).toBe(body);
  }
});

test('fails as the body does', async () => {
  const { body, controller } = pieces();
  const whole = wholeIfSmall(body, 10, virtualClock());
  controller.error(new Error('cut off'));
  expect(whole).rejects.toThrow('cut off');
});

test('a document is waited for, though it is long and comes slowly', async () => {
  const clock = virtualClock();
  const { body, push, controller } = pieces();
  const whole = wholeIfDocument(body, 200_000, clock);
  push('x'.repeat(100_000));
  await Bun.sleep(0);
  clock.advance(4000);
  push('y'.repeat(100_000));
  controller.close();
  expect((await whole) as Uint8Array).toHaveLength(200_000);
});

test('one that takes too long is streamed from its beginning', async () => {
  const clock = virtualClock();
  const { body, push, controller } = pieces();
  const waiting = wholeIfDocument(body, 10, clock);
  push('hel');
  await Bun.sleep(0);
  clock.advance(5000);
  const streamed = await waiting;
  if (!(streamed instanceof ReadableStream)) throw new Error('was not streamed');
  push('lo');
  controller.close();
  expect(await text(streamed)).toBe('hello');
});

test('documents are streamed that are too long, of unknown length, or too many at a time', async () => {
  for (const announced of [16 * 2 ** 20 + 1, null]) {
    const { body } = pieces();
    expect(await wholeIfDocument(body, announced, virtualClock())).toBe(body);
  }
  const waiting = Array.from({ length: 4 }, () => {
    const { body, controller } = pieces();
    return { whole: wholeIfDocument(body, 16 * 2 ** 20, virtualClock()), controller };
  });
  const { body } = pieces();
  expect(await wholeIfDocument(body, 1, virtualClock())).toBe(body);
  for (const { whole, controller } of waiting) {
    controller.close();
    await whole;
  }
  const next = pieces();
  const whole = wholeIfDocument(next.body, 1, virtualClock());
  next.push('x');
  next.controller.close();
  expect((await whole) as Uint8Array).toHaveLength(1);
});
