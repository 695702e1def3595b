import { expect, test } from 'bun:test';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import { maxAge, noise, type Reply } from './answers.contract.ts';
import { world } from './world.contract.ts';

/** Reads on, piece by piece, and says how it ended. */
function reading(reply: Reply, from = 0, to: number | null = null) {
  type End = 'open' | 'whole' | 'cut';
  const pieces: Uint8Array[] = [];
  const reader = reply.stream(from, to).getReader();
  const state = {
    text: () => Buffer.concat(pieces).toString(),
    pieces,
    end: 'open' as 'open' | 'whole' | 'cut',
  };
  const run = async (): Promise<End> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'whole';
      pieces.push(value);
    }
  };
  const over = run()
    .catch((): End => 'cut')
    .then((end) => {
      state.end = end;
      return end;
    });
  return Object.assign(state, { over, cancel: () => reader.cancel() });
}

test('readers see the first bytes long before the end, and the newest piece only when more has come', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reader = reading(await asking);
  await pieces.push('one ');
  expect(reader.text()).toBe('');
  await pieces.push('two ');
  expect(reader.text()).toBe('one ');
  await pieces.push('three');
  expect(reader.text()).toBe('one two ');
  await pieces.end();
  expect([await reader.over, reader.text()]).toEqual(['whole', 'one two three']);
});

test('a body that is cut off is not stored, and whoever reads it can tell', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '100' });
  const reader = reading(await asking);
  await pieces.push('one ');
  await pieces.push('two ');
  await pieces.end();
  expect([await reader.over, reader.text()]).toEqual(['cut', 'one ']);
  expect(here.cache.stats.memory.entries).toBe(0);
  expect(here.warnings.map(({ error }) => (error as MeridianError).code)).toEqual(['upstream-truncated']);
});

test('a body that is longer than announced is not stored either', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '3' });
  const reader = reading(await asking);
  await pieces.push('four');
  await pieces.end();
  expect(await reader.over).toBe('cut');
  expect(here.cache.stats.memory.entries).toBe(0);
});

test('a body that turns out wrong at its end reaches nobody whole', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reader = reading(await asking);
  await pieces.push('one ');
  await pieces.push('two');
  await pieces.fail(new MeridianError('digest-mismatch', 'expected a, got b'));
  expect([await reader.over, reader.text()]).toEqual(['cut', 'one ']);
  expect(here.cache.stats.memory.entries).toBe(0);
});

test('a reader that reads nothing holds up neither the fill nor the others', async () => {
  await using here = await world({ disk: true });
  const [first, second] = [here.get(), here.get()];
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reader = reading(await first);
  const body = noise(6_000_000);
  for (let at = 0; at < 1_000_000; at += 500_000) await pieces.push(body.slice(at, at + 500_000));
  const idle = (await second).stream().getReader();
  for (let at = 1_000_000; at < body.length; at += 500_000) await pieces.push(body.slice(at, at + 500_000));
  await pieces.end();
  expect(await reader.over).toBe('whole');
  expect(Buffer.concat(reader.pieces).equals(body)).toBe(true);
  await eventually('the fill', () => here.cache.stats.fills === 0, { everyMs: 1 });
  const served = await here.get();
  expect([served.outcome, Buffer.from(await served.bytes()).equals(body)]).toEqual(['hit-disk', true]);
  // It wakes up when all is over, and still gets every byte.
  const late: Uint8Array[] = [];
  for (let read = await idle.read(); !read.done; read = await idle.read()) late.push(read.value);
  expect(Buffer.concat(late).equals(body)).toBe(true);
});

test('parts of a body are served while it arrives', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '10' });
  const reply = await asking;
  const parts = [reading(reply, 0, 4), reading(reply, 3, 7), reading(reply, 5, 10)];
  await pieces.push('01234');
  await pieces.push('56789');
  expect(parts.map((part) => part.end)).toEqual(['whole', 'open', 'open']);
  await pieces.end();
  await Promise.all(parts.map((part) => part.over));
  expect(parts.map((part) => part.text())).toEqual(['0123', '3456', '56789']);
});

test('a reader that cancels leaves the others alone, and a small fill goes on without any', async () => {
  await using here = await world();
  const [first, second] = [here.get(), here.get()];
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const readers = [reading(await first)];
  await pieces.push('one ');
  await pieces.push('two ');
  readers.push(reading(await second));
  await readers[0]?.cancel();
  await pieces.push('three');
  expect(readers[1]?.text()).toBe('one two ');
  await readers[1]?.cancel();
  expect(pieces.cancelled).toBe(false);
  await pieces.end();
  expect(await (await here.get()).text()).toBe('one two three');
  expect(here.asked).toHaveLength(1);
});

test('with much left to come, a fill that the last reader has left is given up', async () => {
  await using here = await world({ disk: true, objectBytes: 200 * 1024 * 1024 });
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  const asked = await here.nextAsk();
  const pieces = asked.stream({ ...maxAge(60), 'content-length': String(100 * 1024 * 1024) });
  const reader = reading(await asking);
  await pieces.push(noise(100_000));
  await pieces.push(noise(100_000));
  client.abort();
  expect(await reader.over).toBe('cut');
  await here.quiet();
  expect(asked.ask.signal.aborted).toBe(true);
  expect(pieces.cancelled).toBe(true);
  // Nobody is to blame, and the next request starts afresh.
  expect(here.warnings).toEqual([]);
  const again = here.get();
  (await here.nextAsk()).answer('whole', maxAge(60));
  expect(await (await again).text()).toBe('whole');
});

test('what many asked for lately is fetched to its end all the same', async () => {
  await using here = await world({ disk: true, finishBytes: 1000, finishRequests: 3 });
  const clients = [new AbortController(), new AbortController(), new AbortController()];
  const asking = clients.map(({ signal }) => here.get({ signal }));
  const asked = await here.nextAsk();
  const pieces = asked.stream({ ...maxAge(60), 'content-length': '5000' });
  await pieces.push(noise(100));
  await pieces.push(noise(100));
  const readers = await Promise.all(asking.map(async (reply) => reading(await reply)));
  for (const client of clients) client.abort();
  await pieces.push(noise(4800));
  await pieces.end();
  for (const { over } of readers) expect(await over).toBe('cut');
  expect((await (await here.get()).bytes()).length).toBe(5000);
  expect(here.asked).toHaveLength(1);
});

test('what somebody waits for is not given up because the one who asked first has left', async () => {
  await using here = await world({ disk: true, finishBytes: 1000 });
  const client = new AbortController();
  const first = here.get({ signal: client.signal });
  const second = here.get();
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '5000' });
  const reader = reading(await first);
  client.abort();
  await pieces.push(noise(100));
  await pieces.push(noise(4900));
  expect(await reader.over).toBe('cut');
  const bytes = (await second).bytes();
  await pieces.end();
  expect((await bytes).length).toBe(5000);
  expect(here.asked).toHaveLength(1);
});

test('a limit that is set anew holds for what is under way', async () => {
  await using here = await world({ disk: true });
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '50000' });
  const reader = reading(await asking);
  await pieces.push(noise(100));
  await pieces.push(noise(100));
  here.cache.tune({ lockMs: 10_000, maxFills: 10, finishBytes: 1000, finishRequests: 3 });
  client.abort();
  expect(await reader.over).toBe('cut');
  await here.quiet();
  expect(pieces.cancelled).toBe(true);
});

test('a body of unknown length does not go on for ever without anybody', async () => {
  await using here = await world({ disk: true, finishBytes: 1000 });
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reader = reading(await asking);
  for (let at = 0; at < 4; at++) await pieces.push(noise(500));
  client.abort();
  await pieces.push(noise(500));
  expect(await reader.over).toBe('cut');
  expect(pieces.cancelled).toBe(false);
  for (let at = 0; at < 3; at++) await pieces.push(noise(500));
  expect(pieces.cancelled).toBe(true);
  expect(here.warnings).toEqual([]);
});

test('a client that left before its answer began is no reader', async () => {
  await using here = await world({ disk: true, objectBytes: 200 * 1024 * 1024 });
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  client.abort();
  const pieces = (await here.nextAsk()).stream({
    ...maxAge(60),
    'content-length': String(100 * 1024 * 1024),
  });
  (await asking).stream();
  await here.quiet();
  expect(pieces.cancelled).toBe(true);
});

test('an end that nobody reads is reached without anybody', async () => {
  await using here = await world();
  const asking = here.get();
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  await asking;
  await pieces.push('hello');
  await pieces.end();
  expect(await (await here.get()).text()).toBe('hello');
});

test('a body of unknown length that outgrows what may be kept still reaches its reader', async () => {
  await using here = await world({ memoryObjectBytes: 10_000 });
  const body = noise(3_000_000);
  for (let round = 0; round < 2; round++) {
    const asking = here.get();
    const pieces = (await here.nextAsk()).stream(maxAge(60));
    const reader = reading(await asking);
    for (let at = 0; at < body.length; at += 100_000) await pieces.push(body.slice(at, at + 100_000));
    await pieces.end();
    expect(await reader.over).toBe('whole');
    expect(Buffer.concat(reader.pieces).equals(body)).toBe(true);
    expect(here.cache.stats.memory.entries).toBe(0);
  }
});

test('a body that cannot be kept and that nobody reads is given up', async () => {
  await using here = await world({ memoryObjectBytes: 10_000 });
  const client = new AbortController();
  const asking = here.get({ signal: client.signal });
  const pieces = (await here.nextAsk()).stream(maxAge(60));
  const reader = reading(await asking);
  await pieces.push(noise(20_000));
  await pieces.push(noise(20_000));
  client.abort();
  expect(await reader.over).toBe('cut');
  await here.quiet();
  expect(pieces.cancelled).toBe(true);
  expect(here.warnings).toEqual([]);
});

test('hundreds of readers of one large body cost the memory of one', async () => {
  await using here = await world({ disk: true });
  const replies = Array.from({ length: 300 }, () => here.get());
  const pieces = (await here.nextAsk()).stream({ ...maxAge(60), 'content-length': '3000000' });
  const body = noise(3_000_000);
  const sha256 = new Bun.CryptoHasher('sha256').update(body).digest('hex');
  const digests = replies.map(async (reply) => {
    const hash = new Bun.CryptoHasher('sha256');
    for await (const piece of (await reply).stream()) hash.update(piece);
    return hash.digest('hex');
  });
  let mostBytes = 0;
  for (let at = 0; at < body.length; at += 250_000) {
    await pieces.push(body.slice(at, at + 250_000));
    mostBytes = Math.max(mostBytes, here.cache.stats.passingBytes);
  }
  await pieces.end();
  expect(new Set(await Promise.all(digests))).toEqual(new Set([sha256]));
  expect(mostBytes).toBeLessThan(4_000_000);
  expect(here.asked).toHaveLength(1);
});
