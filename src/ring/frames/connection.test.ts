/** Both ends of the connection between two workers, and each with an end that does not do as it should. */
import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Socket } from 'bun';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import { answerWithinMs, type Caller, mostWaiting, openCaller, restMs } from './caller.ts';
import { openFrameDoor } from './door.ts';
import { frameReader, kinds, textFrame } from './frame.ts';
import {
  type Asking,
  answerFrame,
  type Given,
  type GivenHit,
  mostAnswerBytes,
  mostBodyBytes,
  mostHeadBytes,
  questionFrame,
} from './message.ts';
import { outbox } from './outbox.ts';

const folder = temporary('frames');
const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

let sockets = 0;
const newPath = () => join(folder.path, `${sockets++}.hits`);

const asking = (target: string): Asking => ({
  ...{ target, base: 'http://lhr.example', client: '192.0.2.1', id: 'a-1' },
  fields: '\naccept\ntext/plain',
});
const hit = (text: string): GivenHit => ({
  ...{ status: 200, timing: 'lhr;dur=0', head: Buffer.from('\nage\n3'), body: Buffer.from(text) },
});

function door(answer: (target: string) => Given, path = newPath()) {
  const failures: unknown[] = [];
  const opening = openFrameDoor({
    path,
    admits: (hello) => hello === 'the word',
    answer: ({ target, headers }) => (headers.get('accept') === 'text/plain' ? answer(target) : 'otherwise'),
    failed: (error) => failures.push(error),
  });
  opened.push(opening);
  return { path, failures, close: () => opening.close() };
}

/** An owner that does nothing by itself. */
function rawDoor(heard: (socket: Socket, bytes: Buffer) => void = () => {}) {
  const path = newPath();
  const made: Socket[] = [];
  const listener = Bun.listen({
    unix: path,
    socket: { open: (socket: Socket) => void made.push(socket), data: heard },
  });
  opened.push({ close: () => listener.stop(true) });
  return { path, made };
}

function caller(path: string, hello = 'the word', clock = virtualClock()) {
  const made = openCaller({ path, hello: () => hello, clock });
  opened.push(made);
  return { clock, caller: made };
}

/** Asks until there is a connection. */
async function connected(to: Caller): Promise<void> {
  await eventually('a connection', () => to.ask(asking('/first')) !== null);
}

async function textOf(answer: ReturnType<Caller['ask']>): Promise<string> {
  const got = await answer;
  return got === null || typeof got === 'string' ? String(got) : got.body.text();
}

describe('two workers', () => {
  test('answer many questions over one connection, each its own', async () => {
    const { path } = door((target) => (target === '/none' ? 'absent' : hit(`of ${target}`)));
    const { caller: one } = caller(path);
    await connected(one);
    const all = Array.from({ length: 500 }, (_, n) => textOf(one.ask(asking(`/${n}`))));
    expect(await Promise.all(all)).toEqual(all.map((_, n) => `of /${n}`));
    expect(await textOf(one.ask(asking('/none')))).toBe('absent');
    expect(one.waiting).toBe(0);
  });

  test('send what the socket does not take at once when it has room', async () => {
    const body = 'x'.repeat(60_000);
    const { path } = door((target) => hit(`${target} ${body}`));
    const { caller: one } = caller(path);
    await connected(one);
    const all = Array.from({ length: 50 }, (_, n) => textOf(one.ask(asking(`/${n}`))));
    expect(await Promise.all(all)).toEqual(all.map((_, n) => `/${n} ${body}`));
  });

  test('have no answer where it failed, and the failure is heard of', async () => {
    const { path, failures } = door(() => {
      throw new Error('no');
    });
    const { caller: one } = caller(path);
    await connected(one);
    expect(await one.ask(asking('/a'))).toBe('otherwise');
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe('who asks', () => {
  test('asks nothing without a connection, and tries again after a while', async () => {
    const path = newPath();
    const { caller: one, clock } = caller(path);
    expect(one.ask(asking('/a'))).toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    door(() => hit('there'), path);
    clock.advance(restMs + 1);
    await connected(one);
    expect(await textOf(one.ask(asking('/a')))).toBe('there');
  });

  test('goes another way at once when the other one dies', async () => {
    const { path, made } = rawDoor();
    const { caller: one } = caller(path);
    await connected(one);
    const all = ['/a', '/b'].map((target) => one.ask(asking(target)));
    for (const socket of made) socket.terminate();
    expect(await Promise.all(all)).toEqual([null, null]);
    expect(one.waiting).toBe(0);
    expect(one.ask(asking('/c'))).toBeNull();
  });

  test('goes another way when no answer comes in time, and for a while does not ask', async () => {
    const { path } = rawDoor();
    const { caller: one, clock } = caller(path);
    await connected(one);
    const asked = one.ask(asking('/a'));
    clock.advance(answerWithinMs - 1);
    expect(one.waiting).toBeGreaterThan(0);
    clock.advance(100);
    expect(await asked).toBeNull();
    expect(one.waiting).toBe(0);
    expect(one.ask(asking('/a'))).toBeNull();
    clock.advance(restMs);
    expect(one.ask(asking('/a'))).not.toBeNull();
  });

  test('takes no late answer for another one', async () => {
    const held: number[] = [];
    const read = frameReader(100_000, (kind, id) => {
      if (kind === kinds.ask) held.push(id);
    });
    const { path, made } = rawDoor((_, bytes) => void read(bytes));
    const { caller: one, clock } = caller(path);
    await connected(one);
    const late = one.ask(asking('/late'));
    await eventually('both questions to arrive', () => held.length === 2);
    clock.advance(answerWithinMs + restMs + 100);
    expect(await late).toBeNull();
    clock.advance(restMs);
    const next = textOf(one.ask(asking('/next')));
    await eventually('the next question to arrive', () => held.length === 3);
    for (const id of held) made[0]!.write(answerFrame(id, hit(`answer ${id}`)));
    expect(await next).toBe(`answer ${held[2]}`);
  });

  test('hangs up on what is no answer', async () => {
    for (const nonsense of [
      Buffer.alloc(64, 0xff),
      textFrame(kinds.hello, 1, 'x'),
      textFrame(kinds.hit, 1, '\xff'),
    ]) {
      const { path, made } = rawDoor();
      const { caller: one } = caller(path);
      await connected(one);
      const asked = one.ask(asking('/a'));
      await eventually('the connection', () => made.length > 0);
      made[0]!.write(nonsense);
      expect(await asked).toBeNull();
    }
  });

  test('has so many questions under way and no more', async () => {
    const { path } = rawDoor();
    const { caller: one } = caller(path);
    await connected(one);
    while (one.waiting < mostWaiting) expect(one.ask(asking('/a'))).not.toBeNull();
    expect(one.ask(asking('/a'))).toBeNull();
  });

  test('asks nobody any more once it is closed', async () => {
    const { path } = door(() => 'absent');
    const { caller: one } = caller(path);
    await connected(one);
    one.close();
    expect(one.ask(asking('/a'))).toBeNull();
  });
});

describe('who is asked', () => {
  /** Says these frames, and tells what comes back before the connection is closed. */
  async function say(path: string, ...frames: readonly (Buffer | null)[]): Promise<number> {
    let heard = 0;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = {
      data(_: Socket, bytes: Buffer) {
        heard += bytes.length;
      },
      close: () => resolve(),
    };
    const made = await Bun.connect({ unix: path, socket });
    made.write(Buffer.concat(frames.map((frame) => frame ?? Buffer.alloc(0))));
    await closed;
    return heard;
  }
  const hello = textFrame(kinds.hello, 0, 'the word');

  test('tells nothing to those who do not say who they are', async () => {
    let asked = 0;
    const { path } = door(() => {
      asked++;
      return hit('secret');
    });
    const question = questionFrame(1, asking('/a'));
    expect(await say(path, question)).toBe(0);
    expect(await say(path, textFrame(kinds.hello, 0, 'a word'), question)).toBe(0);
    expect(asked).toBe(0);
  });

  test('hangs up on what is no question', async () => {
    const { path } = door(() => hit('x'));
    await say(path, Buffer.alloc(64, 0xff));
    await say(path, hello, textFrame(kinds.ask, 1, 'nothing of sense'));
    await say(path, hello, hello);
    await say(path, hello, Buffer.from([0xff, 0xff, 0xff, 0xff]));
  });

  test('cuts off who asks and asks and takes no answer', async () => {
    let asked = 0;
    const { path } = door(() => {
      asked++;
      return hit('x'.repeat(60_000));
    });
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = { data() {}, drain: (made: Socket) => more(made), close: () => resolve() };
    const made = await Bun.connect({ unix: path, socket });
    made.pause();
    const questions = Buffer.concat(
      Array.from({ length: 60_000 }, (_, n) => questionFrame(n, asking('/a'))!),
    );
    let rest = Buffer.concat([hello, questions]);
    function more(to: Socket): void {
      const taken = to.write(rest);
      rest = rest.subarray(Math.max(0, taken));
      if (taken < 0 || rest.length === 0) to.resume();
    }
    more(made);
    await closed;
    expect(asked).toBeLessThan(100);
  });
});

describe('an outbox', () => {
  test('writes in one go what one turn has to say', async () => {
    const written: string[] = [];
    const out = outbox(100, (bytes) => written.push(Buffer.from(bytes).toString()) && bytes.length);
    for (const text of ['a', 'b', 'c']) {
      expect(out.push(Buffer.from(text))).toBe(true);
      out.flushSoon();
    }
    expect(written).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(['abc']);
    expect(out.queuedBytes).toBe(0);
  });

  test('holds what is not taken, in order and within its bound', () => {
    let taken = '';
    let room = 3;
    const out = outbox(10, (bytes) => {
      const now = Math.min(room, bytes.length);
      taken += Buffer.from(bytes.subarray(0, now)).toString();
      room -= now;
      return now === 0 ? -1 : now;
    });
    expect(out.push(Buffer.from('12345'))).toBe(true);
    out.flush();
    expect([taken, out.queuedBytes]).toEqual(['123', 2]);
    expect(out.push(Buffer.from('67890abc'))).toBe(true);
    expect(out.push(Buffer.from('d'))).toBe(false);
    for (; out.queuedBytes > 0; room = 4) out.drained();
    expect(taken).toBe('1234567890abc');
  });
});

test('an answer of the longest kind fits', () => {
  const longest = { ...hit(''), body: Buffer.alloc(mostBodyBytes), head: Buffer.alloc(mostHeadBytes) };
  expect(answerFrame(1, longest).length).toBeLessThan(mostAnswerBytes);
});
