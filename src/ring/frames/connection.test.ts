/** Both ends of the connection between two workers. */
import { afterEach, describe, expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import {
  asking,
  caller,
  closeAll,
  connected,
  door,
  hit,
  long,
  streamed,
  textOf,
  turn,
} from './frames.contract.ts';
import { windowBytes } from './message.ts';

afterEach(closeAll);

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
    const sizes = [
      0,
      1,
      1_000,
      65_535,
      65_536,
      65_537,
      100_000,
      windowBytes,
      windowBytes + 1,
      1_048_576,
      3_000_000,
    ];
    const { path } = door((target) => hit(long(target, Number(target.split('/')[2]))));
    const { caller: one, ask } = caller(path);
    await connected(one);
    const targets = [0, 1, 2].flatMap((round) => sizes.map((size) => `/${round}/${size}`));
    const all = await Promise.all(targets.map((target) => textOf(ask(target))));
    for (const [at, target] of targets.entries())
      expect(all[at] === long(target, Number(target.split('/')[2]))).toBe(true);
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
    expect([told, got.status, got.as, await textOf(asked)]).toEqual([
      ['103 </style.css>'],
      203,
      'whole',
      'late /a',
    ]);
    expect(got.head).toContain('\nage\n1');
  });

  test('hand over what streams, of known length or not, no faster than it is read', async () => {
    let made = 0;
    function* pieces() {
      for (; made < 60; made++) yield long(`piece ${made}`, 100_000);
    }
    const { path } = door((target) =>
      Promise.resolve(
        target === '/known' ? streamed(pieces(), { 'content-length': '6000000' }) : streamed(pieces()),
      ),
    );
    const { caller: one, ask } = caller(path);
    await connected(one);
    await eventually('the first answer to fill its window', () => made >= 2);
    for (const target of ['/known', '/unknown']) {
      made = 0;
      const got = (await ask(target))!;
      expect(got.as).toBe('stream');
      await eventually('some of it', () => made >= 2);
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
