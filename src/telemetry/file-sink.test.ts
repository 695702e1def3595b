import { describe, expect, test } from 'bun:test';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import { openFileSink } from './file-sink.ts';

const text = (path: string) => readFile(path, 'utf8');
const bytes = (line: string) => new TextEncoder().encode(line);

describe('a log file', () => {
  test('is made with its folder, and continued after a restart', async () => {
    using folder = temporary('log');
    const path = join(folder.path, 'deep', 'access.log');
    for (const line of ['1\n', '2\n']) {
      const sink = openFileSink(path);
      await sink.append(bytes(line));
      await sink.close();
    }
    expect(await text(path)).toBe('1\n2\n');
    expect((await stat(path)).mode & 0o007).toBe(0);
  });

  test('is put aside before it grows too large; two old ones are kept', async () => {
    using folder = temporary('log');
    const path = join(folder.path, 'a.log');
    const sink = openFileSink(path, { maxBytes: 10, keep: 2 });
    for (const line of ['1234567\n', '2345678\n', '3456789\n', '4567890\n', '5\n'])
      await sink.append(bytes(line));
    await sink.close();
    expect((await readdir(folder.path)).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    expect(await text(path)).toBe('4567890\n5\n');
    expect(await text(`${path}.1`)).toBe('3456789\n');
    expect(await text(`${path}.2`)).toBe('2345678\n');
  });

  test('is put aside once where several processes write to it', async () => {
    using folder = temporary('log');
    const path = join(folder.path, 'a.log');
    const sinks = [openFileSink(path, { maxBytes: 30 }), openFileSink(path, { maxBytes: 30 })];
    for (const line of ['1234567\n', '2345678\n', '3456789\n', '4567890\n'])
      for (const sink of sinks) await sink.append(bytes(line));
    for (const sink of sinks) await sink.close();
    expect((await readdir(folder.path)).sort()).toEqual(['a.log', 'a.log.1']);
    const all = (await text(`${path}.1`)) + (await text(path));
    expect(all.split('\n').filter((line) => line !== '')).toHaveLength(8);
  });

  test('may have one chunk that is larger than itself', async () => {
    using folder = temporary('log');
    const path = join(folder.path, 'a.log');
    const sink = openFileSink(path, { maxBytes: 3 });
    await sink.append(bytes('12345\n'));
    await sink.append(bytes('6\n'));
    await sink.close();
    expect([await text(`${path}.1`), await text(path)]).toEqual(['12345\n', '6\n']);
  });

  test('is opened anew after somebody has moved it away', async () => {
    using folder = temporary('log');
    const path = join(folder.path, 'a.log');
    const sink = openFileSink(path);
    await sink.append(bytes('old\n'));
    await rename(path, `${path}.moved`);
    sink.reopen();
    await sink.append(bytes('new\n'));
    await sink.close();
    expect([await text(`${path}.moved`), await text(path)]).toEqual(['old\n', 'new\n']);
  });
});
