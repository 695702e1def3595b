/** Both ends of the connection between two workers, and each with an end that does not do as it should. */
import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Socket } from 'bun';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { EndOfWaiting, Waiting } from '../peers.ts';
import { bodyOfBlob } from './body.ts';
import { type Behalf, type Caller, type Got, lookMs, mostWaiting, openCaller, restMs } from './caller.ts';
import { type Asker, openFrameDoor } from './door.ts';
import { emptyFrame, frameReader, kinds, textFrame, version } from './frame.ts';
import type { Given } from './given.ts';
import { type Asking, headFrameBytes, questionFrame, roomFrame, windowBytes, writeHead } from './message.ts';
import { outbox } from './outbox.ts';

const folder = temporary('frames');
const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

let sockets = 0;
const newPath = () => join(folder.path, `${sockets++}.hits`);
const turn = () => new Promise((resolve) => setImmediate(resolve));

const asking = (target: string): Asking => ({
  ...{ method: 'GET', target, base: 'http://lhr.example', client: '192.0.2.1', id: 'a-1', memoryOnly: false },
  fields: '\naccept\ntext/plain',
});
/** What was fresh in memory. */
const hit = (text: string): Given => {
  const body = new Blob([text]);
  const head = { ...{ status: 200, timing: 'lhr;dur=0', sizeBytes: body.size }, as: 'hit' } as const;
  return { head: { ...head, head: Buffer.from('\nage\n3') }, body: bodyOfBlob(body) };
};
/** Of so many bytes, different at each place and for each name. */
const long = (name: string, size: number) => `${name} `.repeat(Math.ceil(size / (name.length + 1))).slice(0, size);

type Answered = (target: string, asker: Asker) => Given | Promise<Response>;

function door(answer: Answered, path = newPath()) {
  const failures: unknown[] = [];
  const opening = openFrameDoor({
    path,
    clock: virtualClock(),
    admits: (hello) => hello === 'the word',
    answer: ({ target }, asker) => answer(target, asker),
    failed(error) {
      failures.push(error);
      return new Response('failed', { status: 500 });
    },
  });
  opened.push({ close: () => void opening.drain(0) });
  return { path, failures, drain: (graceMs: number) => opening.drain(graceMs) };
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

function caller(path: string, hello = 'the word') {
  const clock = virtualClock();
  const late: (Waiting & { answered: boolean | null })[] = [];
  const made = openCaller({
    ...{ path, hello: () => hello, clock },
    timeouts: () => ({ firstByteMs: 30_000, betweenBytesMs: 10_000 }),
    late({ sinceMs, dead }): EndOfWaiting {
      const one = { sinceMs, dead, answered: null as boolean | null };
      late.push(one);
      return (isAnswered) => void (one.answered ??= isAnswered);
    },
  });
  opened.push(made);
  const asked = (target: string, behalf: Behalf = { signal: new AbortController().signal }) =>
    made.ask(asking(target), behalf);
  return { clock, late, caller: made, ask: asked };
}

/** Asks until there is a connection. */
async function connected(to: Caller): Promise<void> {
  const { signal } = new AbortController();
  await eventually('a connection', () => {
    const asked = to.ask(asking('/first'), { signal });
    asked?.catch(() => {}); // some of those who are asked never answer
    return asked !== null;
  });
}

async function textOf(answer: Promise<Got | null> | null): Promise<string> {
  const got = await answer;
  if (got === null) return 'null';
  let text = '';
  for await (const piece of got.body ?? []) text += Buffer.from(piece).toString();
  return text;
}

/** The head of an answer as a frame. */
function headFrame(id: number, { head }: Given): Buffer {
  const frame = Buffer.alloc(headFrameBytes(head));
  writeHead(frame, 0, id, head);
  return frame;
}

/** A hit, in frames. */
function hitFrames(id: number, text: string): Buffer {
  return Buffer.concat([headFrame(id, hit(text)), textFrame(kinds.piece, id, text)]);
}

/** A response whose body comes in these pieces, as they are asked for. */
function streamed(pieces: Iterable<string> | AsyncIterable<string>, headers: Record<string, string> = {}): Response {
  async function* bytes() {
    for await (const piece of pieces) yield Buffer.from(piece);
  }
  return new Response(bytes() as unknown as BodyInit, { headers });
}

describe('two workers', () => {
  test('answer many questions over one connection, each its own', async () => {
    const { path } = door((target) => hit(`of ${target}`));
    const { caller: one, ask } = caller(path);
    await connected(one);
    const all = Array.from({ length: 500 }, (_, n) => textOf(ask(`/${n}`)));
    expect(await Promise.all(all)).toEqual(all.map((_, n) => `of /${n}`));
    expect(one.waiting).toBe(0);
  });

  test('hand over bodies of any length, of many answers at once, whole', async () => {
    const sizes = [0, 1, 1_000, 65_535, 65_536, 65_537, 100_000, windowBytes, windowBytes + 1, 1_048_576, 3_000_000];
    const { path } = door((target) => hit(long(target, Number(target.split('/')[2]))));
    const { caller: one, ask } = caller(path);
    await connected(one);
    const targets = [0, 1, 2].flatMap((round) => sizes.map((size) => `/${round}/${size}`));
    const all = await Promise.all(targets.map((target) => textOf(ask(target))));
    for (const [at, target] of targets.entries()) expect(all[at] === long(target, Number(target.split('/')[2]))).toBe(true);
    expect(one.waiting).toBe(0);
  });

  test('hand over what is not in memory when it is there, with what comes before it', async () => {
    const held = Promise.withResolvers<void>();
    const { path } = door(async (target, asker) => {
      asker.inform(103, new Headers({ link: '</style.css>' }));
      await held.promise;
      return new Response(`late ${target}`, { status: 203, headers: { 'content-length': '7', age: '1' } });
    });
    const { caller: one } = caller(path);
    await connected(one);
    const told: (string | null)[] = [];
    const { signal } = new AbortController();
    const inform = (status: number, headers: Headers) => told.push(`${status} ${headers.get('link')}`);
    const asked = one.ask(asking('/a'), { signal, inform });
    await eventually('an interim response', () => told.length > 0);
    held.resolve();
    const got = (await asked)!;
    expect([told, got.status, got.as, await textOf(asked)]).toEqual([['103 </style.css>'], 203, 'whole', 'late /a']);
    expect(got.head).toContain('\nage\n1');
  });

  test('hand over what streams, of known length or not, no faster than it is read', async () => {
    let made = 0;
    function* pieces() {
      for (; made < 60; made++) yield long(`piece ${made}`, 100_000);
    }
    const { path } = door((target) =>
      Promise.resolve(target === '/known' ? streamed(pieces(), { 'content-length': '6000000' }) : streamed(pieces())),
    );
    const { caller: one, ask } = caller(path);
    await connected(one);
    await eventually('the first answer to fill its window', () => made >= 3);
    for (const target of ['/known', '/unknown']) {
      made = 0;
      const got = (await ask(target))!;
      expect(got.as).toBe('stream');
      await eventually('some of it', () => made >= 3);
      await Bun.sleep(20);
      // The window, what one piece is longer than it, and one that is read ahead.
      expect(made).toBeLessThanOrEqual(Math.ceil(windowBytes / 100_000) + 2);
      let text = '';
      for await (const piece of got.body!) text += Buffer.from(piece).toString();
      expect(text === Array.from({ length: 60 }, (_, n) => long(`piece ${n}`, 100_000)).join('')).toBe(true);
    }
  });

  test('are not held up by somebody who does not read', async () => {
    const { path } = door((target) => hit(long(target, target === '/slow' ? 5_000_000 : 50_000)));
    const { caller: one, ask } = caller(path);
    await connected(one);
    const slow = await Promise.all(Array.from({ length: 40 }, () => ask('/slow')));
    for (let n = 0; n < 20; n++) expect(await textOf(ask(`/${n}`))).toBe(long(`/${n}`, 50_000));
    expect(one.waiting).toBe(40);
    for (const got of slow) expect(await textOf(Promise.resolve(got))).toBe(long('/slow', 5_000_000));
    expect(one.waiting).toBe(0);
  });

  test('make an error of what failed, and it is heard of', async () => {
    const { path, failures } = door(() => {
      throw new Error('no');
    });
    const { caller: one, ask } = caller(path);
    await connected(one);
    const got = (await ask('/a'))!;
    expect(got.status).toBe(500);
    expect(await textOf(Promise.resolve(got))).toBe('failed');
    expect(failures.length).toBeGreaterThan(0);
  });

  test('finish what is under way when one leaves, and go another way with the rest', async () => {
    const held = Promise.withResolvers<void>();
    const { path, drain } = door((target) =>
      held.promise.then(() => new Response(target, { headers: { 'content-length': '2' } })),
    );
    const { caller: one, ask } = caller(path);
    await connected(one);
    const before = ask('/a');
    await turn();
    await turn();
    const drained = drain(0);
    let asked = 0;
    const { path: other, drain: drainOther } = door((target) => {
      asked++;
      return target === '/first' ? hit('') : held.promise.then(() => new Response('/b'));
    });
    const { caller: two, ask: askOther } = caller(other);
    await connected(two);
    const late = askOther('/b');
    await eventually('the question to arrive', () => asked === 2);
    void drainOther(1_000);
    expect(await askOther('/c')).toBeNull();
    held.resolve();
    expect(await textOf(late)).toBe('/b');
    // Without grace, it is cut off.
    await drained;
    expect(await before).toBeNull();
  });
});

describe('who asks', () => {
  test('asks nothing without a connection, and tries again after a while', async () => {
    const path = newPath();
    const { caller: one, clock, ask } = caller(path);
    expect(ask('/a')).toBeNull();
    await turn();
    door(() => hit('there'), path);
    clock.advance(restMs + 1);
    await connected(one);
    expect(await textOf(ask('/a'))).toBe('there');
  });

  test('goes another way at once when the other one dies', async () => {
    const { path, made } = rawDoor();
    const { caller: one, ask } = caller(path);
    await connected(one);
    const all = ['/a', '/b'].map((target) => ask(target));
    for (const socket of made) socket.terminate();
    expect(await Promise.all(all)).toEqual([null, null]);
    expect(one.waiting).toBe(0);
    expect(ask('/c')).toBeNull();
  });

  test('never takes for whole what breaks off, at whatever byte the other one dies', async () => {
    const text = long('/a', 300);
    const frames = (as: 'hit' | 'stream' | 'endless') => {
      const given = hit(text);
      const sizeBytes = as === 'endless' ? null : text.length;
      const head = { ...given.head, as: as === 'hit' ? as : ('stream' as const), sizeBytes };
      const end = as === 'endless' ? emptyFrame(kinds.end, 2, 0) : Buffer.alloc(0);
      const pieces = [text.slice(0, 100), text.slice(100)].map((part) => textFrame(kinds.piece, 2, part));
      return Buffer.concat([headFrame(2, { ...given, head }), ...pieces, end]);
    };
    for (const as of ['hit', 'stream', 'endless'] as const) {
      const bytes = frames(as);
      for (let cut = 0; cut <= bytes.length; cut += cut < bytes.length - 12 ? 13 : 1) {
        const { path, made } = rawDoor();
        const { caller: one, ask } = caller(path);
        await connected(one);
        const asked = textOf(ask('/a')).catch(() => 'broken off');
        await eventually('the connection', () => made.length > 0, { everyMs: 1 });
        made[0]!.write(bytes.subarray(0, cut));
        made[0]!.end();
        expect([cut, await asked]).toEqual([cut, cut === bytes.length ? text : expect.stringMatching(/^(null|broken off)$/)]);
        await eventually('the connection to be lost', () => one.waiting === 0, { everyMs: 1 });
      }
    }
  }, 20_000);

  test('hears of what breaks off at the other end alone', async () => {
    const { path } = door(async (target) => {
      async function* pieces() {
        yield 'a part of it';
        await turn();
        if (target === '/throws') throw new Error('no more');
      }
      return streamed(pieces(), target === '/short' || target === '/throws' ? { 'content-length': '1000000' } : {});
    });
    const { caller: one, ask } = caller(path);
    await connected(one);
    for (const target of ['/short', '/throws'])
      expect(await textOf(ask(target)).catch((error) => error.code)).toBe('upstream-truncated');
    expect(await textOf(ask('/whole'))).toBe('a part of it');
  });

  test('has the other one looked at when no answer comes, and gives up when nobody is there or it takes too long', async () => {
    const { path } = rawDoor();
    const { caller: one, clock, ask, late } = caller(path);
    await connected(one);
    const dead = ask('/dead')!.catch((error) => error.code);
    clock.advance(lookMs);
    expect(late).toHaveLength(2);
    late[1]!.dead();
    expect(await dead).toBe('upstream-timeout');
    const forEver = ask('/for-ever')!.catch((error) => error.code);
    clock.advance(29_000);
    expect(one.waiting).toBe(2);
    clock.advance(2_000);
    expect(await forEver).toBe('upstream-timeout');
    expect(one.waiting).toBe(0);
    // Nothing is wrong with the connection.
    expect(ask('/next')).not.toBeNull();
  });

  test('does not wait for ever for more of a body, but for its reader as long as he likes', async () => {
    const { path, made } = rawDoor();
    const { caller: one, clock, ask } = caller(path);
    await connected(one);
    const asked = ask('/a');
    await eventually('the connection', () => made.length > 0);
    const given = hit('x'.repeat(1_000_000));
    made[0]!.write(Buffer.concat([headFrame(2, given), textFrame(kinds.piece, 2, 'x')]));
    const { body } = (await asked)!;
    clock.advance(29_000);
    const pieces = (body as AsyncGenerator<Uint8Array>)[Symbol.asyncIterator]();
    expect((await pieces.next()).value).toHaveLength(1);
    const next = pieces.next().catch((error) => error.code);
    await turn();
    clock.advance(11_000);
    expect(await next).toBe('upstream-timeout');
    expect(one.waiting).toBe(0);
  });

  test('says so when the client leaves, before the answer and within it', async () => {
    const left: string[] = [];
    const { path } = door((target, asker) => {
      asker.signal().addEventListener('abort', () => left.push(target));
      return target === '/slow' ? new Promise(() => {}) : Promise.resolve(streamed(endless()));
    });
    async function* endless() {
      for (;;) yield 'x'.repeat(50_000);
    }
    const { caller: one, clock, ask } = caller(path);
    await connected(one);
    await eventually('the first answer', () => one.waiting === 1);
    for (const target of ['/slow', '/unread']) {
      const client = new AbortController();
      const asked = ask(target, { signal: client.signal })!;
      if (target === '/unread') await asked;
      client.abort(new Error('gone'));
      clock.advance(lookMs);
      if (target === '/slow') expect(await asked.catch((error) => error.message)).toBe('gone');
      await eventually('word of it', () => left.includes(target));
    }
    const got = (await ask('/read'))!;
    for await (const _ of got.body!) break;
    await eventually('word of it', () => left.includes('/read'));
    expect(one.waiting).toBe(1);
  });

  test('takes no late answer for another one', async () => {
    const { path, made } = rawDoor();
    const { caller: one, clock, ask } = caller(path);
    await connected(one);
    const client = new AbortController();
    const late = ask('/late', { signal: client.signal })!.catch(() => 'left');
    client.abort();
    clock.advance(lookMs);
    expect(await late).toBe('left');
    const next = textOf(ask('/next'));
    await eventually('the connection', () => made.length > 0);
    for (const id of [1, 2, 3]) made[0]!.write(hitFrames(id, `answer ${id}`));
    expect(await next).toBe('answer 3');
  });

  test('hangs up on what is no answer', async () => {
    const head = headFrame(2, hit('x'));
    const broken = [
      Buffer.alloc(64, 0xff),
      textFrame(kinds.hello, 2, 'x'),
      textFrame(kinds.hit, 2, 'short'),
      textFrame(kinds.interim, 2, 'nothing of sense'),
      // More than there may be, twice a head, bytes or an end without a head, an end too early.
      Buffer.concat([head, textFrame(kinds.piece, 2, 'xy')]),
      Buffer.concat([head, head]),
      textFrame(kinds.piece, 2, 'x'),
      emptyFrame(kinds.end, 2, 0),
      Buffer.concat([head, emptyFrame(kinds.end, 2, 0)]),
      Buffer.concat([head, emptyFrame(kinds.otherwise, 2, 0)]),
    ];
    for (const nonsense of broken) {
      const { path, made } = rawDoor();
      const { caller: one, ask } = caller(path);
      await connected(one);
      const asked = textOf(ask('/a')).catch(() => 'null');
      await eventually('the connection', () => made.length > 0, { everyMs: 1 });
      made[0]!.write(nonsense);
      expect(await asked).toBe('null');
      expect(ask('/b')).toBeNull();
    }
  });

  test('has so many questions under way and no more', async () => {
    const { path } = rawDoor();
    const { caller: one, ask } = caller(path);
    await connected(one);
    while (one.waiting < mostWaiting) expect(ask('/a')).not.toBeNull();
    expect(ask('/a')).toBeNull();
  });

  test('asks nobody any more once it is closed', async () => {
    const { path } = door(() => hit(''));
    const { caller: one, ask } = caller(path);
    await connected(one);
    one.close();
    expect(ask('/a')).toBeNull();
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
  const hello = textFrame(kinds.hello, 0, `${version} the word`);

  test('tells nothing to those who do not say who they are', async () => {
    let asked = 0;
    const { path } = door(() => {
      asked++;
      return hit('secret');
    });
    const question = questionFrame(1, asking('/a'));
    expect(await say(path, question)).toBe(0);
    for (const word of ['the word', `${version} a word`, `${version + 1} the word`])
      expect(await say(path, textFrame(kinds.hello, 0, word), question)).toBe(0);
    expect(asked).toBe(0);
  });

  test('hangs up on what is no question', async () => {
    const { path } = door(() => hit('x'));
    await say(path, Buffer.alloc(64, 0xff));
    await say(path, hello, textFrame(kinds.ask, 1, 'nothing of sense'));
    await say(path, hello, hello);
    await say(path, hello, Buffer.alloc(9, 0xff));
  });

  test('cuts off who asks and asks and takes no answer', async () => {
    let asked = 0;
    let left = 0;
    const { path } = door((_, asker) => {
      asked++;
      asker.signal().addEventListener('abort', () => left++);
      return new Promise(() => {});
    });
    const questions = Array.from({ length: 6_000 }, (_, n) => questionFrame(n, asking('/a')));
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = { data() {}, drain: (made: Socket) => more(made), close: () => resolve() };
    let rest = Buffer.concat([hello, ...questions.map((frame) => frame!)]);
    function more(to: Socket): void {
      rest = rest.subarray(Math.max(0, to.write(rest)));
    }
    more(await Bun.connect({ unix: path, socket }));
    await closed;
    expect(asked).toBeLessThan(5_000);
    // Nobody goes on for a worker that has gone.
    await eventually('all to be given up', () => left === asked);
  });

  test('has no more of an answer on its way than was asked for', async () => {
    const { path } = door(() => hit('x'.repeat(1_000_000)));
    let bytes = 0;
    const read = frameReader(1_000_000, (kind, _, body) => {
      if (kind === kinds.piece) bytes += body.length;
      return true;
    });
    const made = await Bun.connect({ unix: path, socket: { data: (_: Socket, chunk: Buffer) => void read(chunk) } });
    opened.push({ close: () => made.terminate() });
    made.write(Buffer.concat([hello, questionFrame(1, asking('/a'))!]));
    await eventually('the window to be full', () => bytes === windowBytes);
    made.write(roomFrame(1, 1_000));
    await eventually('more', () => bytes === windowBytes + 1_000);
    made.write(emptyFrame(kinds.leave, 1, 0));
    made.write(roomFrame(1, 1_000));
    made.write(questionFrame(2, asking('/a'))!);
    await eventually('another answer', () => bytes === 2 * windowBytes + 1_000);
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
    expect(out.isEmpty).toBe(true);
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
    expect([taken, out.isEmpty]).toEqual(['123', false]);
    expect(out.push(Buffer.from('67890abc'))).toBe(true);
    expect(out.push(Buffer.from('def'))).toBe(false);
    for (; !out.isEmpty; room = 4) out.drained();
    expect(taken).toBe('1234567890abc');
  });
});

