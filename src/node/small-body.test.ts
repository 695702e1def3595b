import { expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { wholeIfSmall } from './small-body.ts';

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
