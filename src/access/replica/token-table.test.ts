import { describe, expect, test } from 'bun:test';
import { hashOfToken, makeToken } from '../token.ts';
import { type TokenNews, type TokenTable, tokenTable } from './token-table.ts';

const news = (number: number, changed: Partial<TokenNews> = {}): TokenNews => ({
  id: String(number).padStart(12, '0'),
  owner: `user:u${number % 7}`,
  expiresMs: null,
  addresses: [],
  limit: null,
  ...changed,
});
const hashes = Array.from({ length: 5_000 }, () => hashOfToken(makeToken()));
const [first = '', second = ''] = hashes;

function find(table: TokenTable, hash: string) {
  const place = table.placeOf(Buffer.from(hash, 'base64url'));
  return place === -1 ? null : table.bearerAt(place);
}

describe('a table of tokens', () => {
  test('finds all of many, and nothing else', () => {
    const table = tokenTable();
    for (const [number, hash] of hashes.entries()) table.set(hash, number + 1, news(number));
    expect(table.size).toBe(hashes.length);
    for (const [number, hash] of hashes.entries())
      expect(find(table, hash)).toMatchObject({ id: news(number).id, owner: `user:u${number % 7}` });
    expect(find(table, hashOfToken(makeToken()))).toBeNull();
  });

  test('keeps what a token says of itself', () => {
    const table = tokenTable();
    const limit = [{ actions: ['read' as const], routes: ['npm'], subjects: ['@acme/*'] }];
    table.set(first, 1, news(1, { expiresMs: 17, addresses: ['10.0.0.0/8', '::1'], limit }));
    const found = find(table, first);
    expect(found).toMatchObject({ expiresMs: 17, limit });
    expect(['10.1.2.3', '::1', '192.0.2.1'].map((address) => found?.addresses?.has(address))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('forgets one that is revoked, and does not take it back from old news', () => {
    const table = tokenTable();
    table.set(first, 1, news(1));
    table.set(first, 3, null);
    table.set(first, 2, news(1));
    expect(find(table, first)).toBeNull();
    expect(table.size).toBe(0);
  });

  test('keeps no more of one that is revoked than the bus does', () => {
    const table = tokenTable();
    for (const [number, hash] of hashes.entries()) table.set(hash, number + 1, news(number));
    const { bytes } = table;
    for (let turn = 0; turn < 20; turn++)
      for (const hash of Array.from({ length: 1_000 }, () => hashOfToken(makeToken()))) {
        table.set(hash, 10_000 * turn + 1, news(turn, { owner: `machine:m${turn}` }));
        table.set(hash, 10_000 * turn + 2, null);
        table.forgetRevoked(hash);
        table.forgetRevoked(hash);
      }
    expect([table.size, table.bytes]).toEqual([hashes.length, bytes]);
    table.forgetRevoked(first);
    for (const [number, hash] of hashes.entries()) expect(find(table, hash)?.id).toBe(news(number).id);
  });

  test('stays right while very many come and go', () => {
    const table = tokenTable();
    const there = new Map<string, number>();
    for (let turn = 0; turn < 30_000; turn++) {
      const hash = hashes[(turn * 7919) % hashes.length] ?? '';
      if (there.has(hash) && turn % 3 !== 0) {
        table.set(hash, turn + 1, null);
        table.forgetRevoked(hash);
        there.delete(hash);
      } else {
        table.set(hash, turn + 1, news(turn));
        there.set(hash, turn);
      }
    }
    expect(table.size).toBe(there.size);
    for (const hash of hashes) {
      const turn = there.get(hash);
      expect(find(table, hash)?.id).toBe(turn === undefined ? undefined : news(turn).id);
    }
  });

  test('takes newer news of the same token', () => {
    const table = tokenTable();
    table.set(first, 1, news(1));
    table.set(first, 2, news(1, { expiresMs: 5 }));
    expect(find(table, first)?.expiresMs).toBe(5);
    expect(table.size).toBe(1);
  });

  test('forgets at the end of a round what was not told in it', () => {
    const table = tokenTable();
    for (const [number, hash] of hashes.entries()) table.set(hash, number + 1, news(number));
    table.beginRound();
    for (const [number, hash] of hashes.entries())
      if (number % 2 === 0) table.set(hash, number + 1, news(number));
    table.endRound();
    expect(table.size).toBe(hashes.length / 2);
    expect(hashes.filter((hash) => find(table, hash) !== null)).toEqual(
      hashes.filter((_, at) => at % 2 === 0),
    );
    table.set(second, 2, news(2));
    expect(find(table, second)).not.toBeNull();
  });

  test('says how much memory it takes', () => {
    const table = tokenTable();
    for (const [number, hash] of hashes.entries()) table.set(hash, number + 1, news(number));
    expect(table.bytes / hashes.length).toBeLessThan(250);
    for (let number = hashes.length; number < 200_000; number++)
      table.set(hashOfToken(makeToken()), number + 1, news(number));
    expect(table.bytes / table.size).toBeLessThan(80);
  });
});
