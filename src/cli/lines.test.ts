import { expect, test } from 'bun:test';
import { passLines } from './lines.ts';

async function linesOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
      controller.close();
    },
  });
  await passLines(stream, (line) => lines.push(line));
  return lines;
}

test('lines are put together from chunks', async () => {
  expect(await linesOf('a\nb', 'c\n', '\nend')).toEqual(['a', 'bc', '', 'end']);
  expect(await linesOf()).toEqual([]);
});

test('characters are put together from chunks', async () => {
  const [first = 0, ...rest] = new TextEncoder().encode('é\n');
  expect(await linesOf(new Uint8Array([first]), new Uint8Array(rest))).toEqual(['é']);
});

test('a line without an end is passed on in pieces', async () => {
  const long = 'x'.repeat(40_000);
  expect((await linesOf(long, long, long)).map(({ length }) => length)).toEqual([80_000, 40_000]);
});
