/** Who asks over frames, with an end that does not do as it should. */
import { afterEach, describe, expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import { lookMs, mostWaiting, restMs } from './caller.ts';
import { emptyFrame, kinds, textFrame } from './frame.ts';
import {
  caller,
  closeAll,
  connected,
  door,
  headFrame,
  hit,
  hitFrames,
  long,
  newPath,
  rawDoor,
  streamed,
  textOf,
  turn,
} from './frames.contract.ts';

afterEach(closeAll);

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
        expect([cut, await asked]).toEqual([
          cut,
          cut === bytes.length ? text : expect.stringMatching(/^(null|broken off)$/),
        ]);
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
      return streamed(
        pieces(),
        target === '/short' || target === '/throws' ? { 'content-length': '1000000' } : {},
      );
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
    expect([await dead, late[1]!.answered]).toEqual(['upstream-timeout', false]);
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
