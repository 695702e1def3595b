import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type LineSink, openLineBuffer } from './line-buffer.ts';

/** A sink that takes a chunk only when it is told to. */
function slowSink() {
  const chunks: string[] = [];
  const pending: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const sink: LineSink = {
    append(bytes) {
      chunks.push(new TextDecoder().decode(bytes));
      return new Promise((resolve, reject) => pending.push({ resolve, reject }));
    },
    reopen: () => undefined,
    close: async () => undefined,
  };
  return {
    sink,
    chunks,
    async done(error?: Error) {
      const next = pending.shift();
      if (error) next?.reject(error);
      else next?.resolve();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
}

function world() {
  const clock = virtualClock();
  const { sink, chunks, done } = slowSink();
  const buffer = openLineBuffer({ sink, clock, notice: (lost) => `(${lost} lost)\n` });
  return { clock, buffer, chunks, done };
}

describe('lines', () => {
  test('wait for company, but not for long', () => {
    const { buffer, clock, chunks } = world();
    buffer.add('a\n');
    clock.advance(60);
    buffer.add('b\n');
    clock.advance(39);
    expect(chunks).toEqual([]);
    clock.advance(1);
    expect(chunks).toEqual(['a\nb\n']);
  });

  test('are written at once when they are many', () => {
    const { buffer, chunks } = world();
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 64; i++) buffer.add(line);
    expect(chunks).toEqual([line.repeat(64)]);
  });

  test('are written one chunk after the other, in order', async () => {
    const { buffer, clock, chunks, done } = world();
    for (const line of ['1\n', '2\n', '3\n']) {
      buffer.add(line);
      clock.advance(100);
    }
    expect(chunks).toEqual(['1\n']);
    await done();
    expect(chunks).toEqual(['1\n', '2\n3\n']);
  });

  test('beyond the bound are dropped and counted, and the log says how many', async () => {
    const { buffer, clock, chunks, done } = world();
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 5 * 1024; i++) buffer.add(line);
    expect(buffer.dropped).toBe(1024 - 64);
    await done();
    expect(chunks.at(-1)).toEndWith(`${line}(960 lost)\n`);
    await done();
    buffer.add('after\n');
    clock.advance(100);
    expect(chunks.at(-1)).toBe('after\n');
  });

  test('that could not be written count as dropped, and the next ones try again', async () => {
    const { buffer, clock, chunks, done } = world();
    buffer.add('a\n');
    buffer.add('b\n');
    clock.advance(100);
    await done(new Error('ENOSPC'));
    expect(buffer.dropped).toBe(2);
    buffer.add('c\n');
    clock.advance(100);
    expect(chunks.at(-1)).toBe('c\n(2 lost)\n');
  });

  test('that wait at the end are written, and later ones are not taken', async () => {
    const { buffer, chunks, done } = world();
    buffer.add('a\n');
    const closed = buffer.close();
    buffer.add('late\n');
    await done();
    await closed;
    expect(chunks).toEqual(['a\n']);
    expect(buffer.dropped).toBe(1);
  });

  test('do not keep a node from ending when nobody takes them', async () => {
    const { buffer, clock } = world();
    buffer.add('a\n');
    const closed = buffer.close();
    clock.advance(2000);
    await closed;
  });
});
