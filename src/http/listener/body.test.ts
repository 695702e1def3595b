import { expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { MeridianError } from '../../errors.ts';
import { bodyWithin, minBytesPerSecond, slowStartMs } from './body.ts';

/** A client that sends when it is told to. */
function setUp(bodyBytes = 1_000) {
  const clock = virtualClock();
  const client = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  let cancelled: unknown;
  let ended = 0;
  const request = new Request('http://h/', {
    method: 'POST',
    body: new ReadableStream<Uint8Array>({
      start: (controller) => client.resolve(controller),
      cancel: (reason) => {
        cancelled = reason;
      },
    }),
  });
  const body = bodyWithin(request, { bodyBytes }, clock, () => ended++);
  if (body === null) throw new Error('there is a body');
  return {
    clock,
    body,
    reader: body.getReader(),
    client: client.promise,
    cancelled: () => cancelled,
    ended: () => ended,
  };
}

/** Lets what has been promised happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** The error that a promise fails with. */
function failure(promise: Promise<unknown>): Promise<MeridianError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => (error instanceof MeridianError ? error : Promise.reject(error)),
  );
}

test('a request without a body has none', () => {
  expect(bodyWithin(new Request('http://h/'), { bodyBytes: 1 }, virtualClock())).toBeNull();
});

test('passes a body on as it comes, up to the limit', async () => {
  const { reader, client, ended } = setUp(1_000);
  const sender = await client;
  sender.enqueue(new Uint8Array(600));
  sender.enqueue(new Uint8Array(400));
  sender.close();
  expect((await reader.read()).value?.length).toBe(600);
  expect((await reader.read()).value?.length).toBe(400);
  expect(ended()).toBe(0);
  expect((await reader.read()).done).toBe(true);
  expect(ended()).toBe(1);
});

test('refuses a body that is one byte too long, and does not read the rest of it', async () => {
  const { reader, client, cancelled, ended } = setUp(1_000);
  const sender = await client;
  sender.enqueue(new Uint8Array(600));
  sender.enqueue(new Uint8Array(401));
  await reader.read();
  expect((await failure(reader.read())).code).toBe('body-too-large');
  expect(cancelled()).toBeInstanceOf(MeridianError);
  expect(ended()).toBe(1);
});

test('has patience with the first bytes, and then none', async () => {
  const { reader, clock, cancelled } = setUp();
  const read = failure(reader.read());
  await settle();
  clock.advance(slowStartMs - 1);
  expect(cancelled()).toBeUndefined();
  clock.advance(1);
  expect((await read).code).toBe('request-malformed');
  expect(cancelled()).toBeInstanceOf(MeridianError);
});

test('gives a client time for each byte that it has sent, and no more', async () => {
  const { reader, clock, client } = setUp(1_000_000);
  const sender = await client;
  const seconds = 60;
  sender.enqueue(new Uint8Array(minBytesPerSecond * seconds));
  await reader.read();
  const read = failure(reader.read());
  await settle();
  clock.advance(seconds * 1_000 - 1);
  sender.enqueue(new Uint8Array(minBytesPerSecond));
  await settle();
  const next = failure(reader.read());
  await settle();
  expect(await Promise.race([read.then((error) => error.code), Promise.resolve('in time')])).toBe('in time');
  clock.advance(1_001);
  expect((await next).code).toBe('request-malformed');
  read.catch(() => {}); // it was in time, and so did not fail
});

test('does not blame the client for a slow reader', async () => {
  const { reader, clock, client } = setUp();
  const sender = await client;
  for (let chunk = 0; chunk < 10; chunk++) {
    sender.enqueue(new Uint8Array(10));
    expect((await reader.read()).value?.length).toBe(10);
    clock.advance(3_600_000);
  }
  sender.close();
  expect((await reader.read()).done).toBe(true);
});

test('tells the client when nobody wants the rest', async () => {
  const { reader, client, cancelled, ended, clock } = setUp();
  (await client).enqueue(new Uint8Array(1));
  await reader.read();
  await reader.cancel('enough');
  expect(cancelled()).toBe('enough');
  expect(ended()).toBe(1);
  expect(clock.waiting).toBe(0);
});

test('asks the client for nothing before it is read', async () => {
  const { clock } = setUp();
  await settle();
  expect(clock.waiting).toBe(0);
});
