import { describe, expect, test } from 'bun:test';
import { differing, edited, LineReader, lineBetween, md5Of, VersionsLog } from './log.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (made: Uint8Array) => Buffer.from(made).toString();

test('a log is what was appended, with the digests of all of it', () => {
  const log = new VersionsLog();
  log.append(bytes('one\n'));
  expect(textOf(log.whole().body)).toBe('one\n');
  log.append(bytes('two\n'));
  const { body, md5, sha256 } = log.whole();
  expect(textOf(body)).toBe('one\ntwo\n');
  expect(md5).toBe(md5Of('one\ntwo\n'));
  expect(sha256).toBe(new Bun.CryptoHasher('sha256').update('one\ntwo\n').digest('base64'));
});

test('lines are read whole, however the bytes come', () => {
  const text = 'created_at: 2026-11-01T00:00:05Z\n---\nrack 1.0 aa\nrack 1.1 bb\nthor 1.0 cc\n';
  for (const size of [text.length, 40, 50]) {
    const reader = new LineReader();
    let head = '';
    let lines = '';
    // The first piece holds the head: an upstream's file comes whole first.
    for (let at = 0; at < text.length; at += at === 0 ? Math.max(size, 40) : size) {
      const read = reader.read(bytes(text.slice(at, at + (at === 0 ? Math.max(size, 40) : size))));
      head += read.head;
      lines += textOf(read.lines);
    }
    expect(head + lines).toBe(text);
    expect(lines.startsWith('rack 1.0')).toBe(true);
  }
});

test('lines are edited, or left out, by the gem that they are about', async () => {
  const lines = bytes('rack 1.0 aa\nacme 9.9 bb\nthor 1.0 cc\n');
  let turns = 0;
  const made = await edited(
    lines,
    (name, line) => (name === 'acme' ? null : line.toUpperCase()),
    async () => void turns++,
  );
  expect(textOf(made)).toBe('RACK 1.0 AA\nTHOR 1.0 CC\n');
  expect(turns).toBe(1);
});

test('long lists are edited in pieces, with a turn for everybody else after each', async () => {
  const text = Array.from({ length: 30_000 }, (_, at) => `gem${at} 1.0.0 ${'a'.repeat(32)}\n`).join('');
  let turns = 0;
  const made = await edited(
    bytes(text),
    (_, line) => line,
    async () => void turns++,
  );
  expect(textOf(made) === text).toBe(true);
  expect(turns).toBeGreaterThan(3);
});

describe('what has changed of a gem is one line', () => {
  const told = (md5: string, ...numbers: string[]) => ({ md5, numbers: new Set(numbers) });
  test('with all of it at first, with what came, with what went, and with nothing', () => {
    expect(lineBetween('a', undefined, told('x', '1.0', '1.1-java'))).toBe('a 1.0,1.1-java x');
    expect(lineBetween('a', told('x', '1.0'), told('y', '1.0', '2.0'))).toBe('a 2.0 y');
    expect(lineBetween('a', told('x', '1.0', '2.0'), told('y', '1.0'))).toBe('a -2.0 y');
    expect(lineBetween('a', told('x', '1.0'), told('x', '1.0'))).toBeNull();
    expect(lineBetween('a', told('x', '1.0'), told('y', '1.0'))).toBe('a 1.0 y');
  });
});

test('of two files, the gems are told of which they say something else in the end', async () => {
  const before = bytes('rack 1.0 aa\nthor 1.0 bb\nrack 1.1 cc\n');
  const after = bytes('rack 1.0,1.1 cc\nthor 1.0,1.1 dd\nnew 1.0 ee\n');
  expect([...(await differing(before, after, async () => {}))]).toEqual(['thor', 'new']);
});
