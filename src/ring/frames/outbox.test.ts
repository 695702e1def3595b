import { describe, expect, test } from 'bun:test';
import { outbox } from './outbox.ts';

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
