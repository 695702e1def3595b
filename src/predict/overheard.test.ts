import { expect, test } from 'bun:test';
import { openOverheard } from './overheard.ts';

const body = (...texts: string[]) => new Blob(texts).stream();

function opened(most: number) {
  const heard: string[] = [];
  const overheard = openOverheard(most);
  const { promise, resolve } = Promise.withResolvers<void>();
  const tap = (stream: ReadableStream<Uint8Array>, maxBytes = 100) =>
    overheard.tap(stream, maxBytes, (bytes) => {
      heard.push(new TextDecoder().decode(bytes));
      return promise;
    });
  return { heard, tap, done: resolve };
}

test('a body passes as it is, and is heard when it has ended', async () => {
  const { heard, tap } = opened(1);
  expect(await new Response(tap(body('a', 'b'))).text()).toBe('ab');
  expect(heard).toEqual(['ab']);
});

test('one that is longer only passes, and takes no room', async () => {
  const { heard, tap } = opened(1);
  for (let time = 0; time < 3; time++) expect(await new Response(tap(body('abc'), 2)).text()).toBe('abc');
  expect(await new Response(tap(body('ab'), 2)).text()).toBe('ab');
  expect(heard).toEqual(['ab']);
});

test('no more are listened to than there is room for, until what was heard has been understood', async () => {
  const { heard, tap, done } = opened(1);
  expect(await new Response(tap(body('a'))).text()).toBe('a');
  expect(await new Response(tap(body('b'))).text()).toBe('b');
  expect(heard).toEqual(['a']);
  done();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await new Response(tap(body('c'))).text()).toBe('c');
  expect(heard).toEqual(['a', 'c']);
});

test('whoever breaks off, or is broken off, gives his room back', async () => {
  const { heard, tap } = opened(1);
  const failing = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('he has left'));
    },
  });
  expect(
    await new Response(tap(failing)).text().then(
      () => 'read',
      () => 'failed',
    ),
  ).toBe('failed');
  await tap(body('b')).cancel();
  expect(await new Response(tap(body('c'))).text()).toBe('c');
  expect(heard).toEqual(['c']);
});
