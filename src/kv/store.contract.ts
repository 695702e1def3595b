/**
 * What every key/value driver has to do, with a real server.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type KvServer,
  type KvServerKind,
  kvServerProblem,
  kvUser,
  startKvServer,
} from '../../test/support/kv-servers.ts';
import { available } from '../../test/support/needs.ts';
import { systemClock } from '../clock.ts';
import { type KvStore, type KvStoreOptions, valueBytes } from './store.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** Bytes of all values, the same each time. */
function binary(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

function streamOf(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}

const collected = async (stream: ReadableStream<Uint8Array> | null) =>
  stream && Buffer.concat(await Array.fromAsync(stream));

export function kvStoreContract(kind: KvServerKind, open: (options: KvStoreOptions) => KvStore): void {
  const canRun = available(kind, kvServerProblem(kind));

  describe.skipIf(!canRun)(`the ${kind} store`, () => {
    let server: KvServer;
    let store: KvStore;
    const another = (space = 'meridian-test-near') =>
      open({ url: server.url, space, lifetimeMs: 60_000, clock: systemClock });

    beforeAll(async () => {
      server = await startKvServer(kind);
      store = another();
    });
    afterAll(async () => {
      await store.close();
      await server[Symbol.asyncDispose]();
    });

    test('knows nothing of what was never put', async () => {
      expect(await store.get('nothing')).toBeNull();
      expect(await store.read('nothing')).toBeNull();
    });

    test('gives back every byte of a value, the longest too', async () => {
      for (const length of [0, 1, 256, valueBytes]) {
        await store.put('value', binary(length), 60_000);
        const got = await store.get('value');
        expect(got && Buffer.compare(got, binary(length))).toBe(0);
      }
    });

    test('replaces and deletes', async () => {
      await store.put('one', text('first'), 60_000);
      await store.put('one', text('second'), 60_000);
      expect(String(Buffer.from((await store.get('one')) ?? []))).toBe('second');
      await store.delete('one');
      expect(await store.get('one')).toBeNull();
    });

    test.each([1, valueBytes, 3 * valueBytes + 5])('gives back a long value of %d bytes', async (length) => {
      await store.write(`long-${length}`, streamOf(binary(length), 70_001), 60_000);
      const got = await collected(await store.read(`long-${length}`));
      expect(got && Buffer.compare(got, binary(length))).toBe(0);
    });

    test('keeps nothing of a long value that breaks off', async () => {
      let pieces = 0;
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          pieces++;
          if (pieces > 3) return controller.error(new Error('broken off'));
          controller.enqueue(binary(valueBytes));
        },
      });
      expect(await store.write('broken', broken, 60_000).catch(() => 'failed')).toBe('failed');
      expect(await collected(await store.read('broken'))).toBeNull();
    });

    test('stores of different names share a server and know nothing of each other', async () => {
      const other = another('meridian-test-far');
      await store.put('mine', text('x'), 60_000);
      await store.mark(['mine']);
      expect(await other.get('mine')).toBeNull();
      expect((await other.standing(['mine'])).marked).toEqual([0]);
      await other.close();
    });

    test('a mark is higher than everything told before it, for whoever looks next', async () => {
      const other = another();
      const before = await store.standing(['page', 'other']);
      await other.mark(['page', 'a tag with spaces, ünd more']);
      const after = await store.standing(['page', 'other', 'a tag with spaces, ünd more']);
      const [page = 0, unmarked, tag = 0] = after.marked;
      expect(after.log).toBe(before.log);
      expect(unmarked).toBe(before.marked[1]);
      expect(Math.min(page, tag)).toBeGreaterThan(before.newest);
      expect(after.newest).toBeGreaterThanOrEqual(Math.max(page, tag));
      await store.mark(['page']);
      expect((await other.standing(['page'])).marked[0]).toBeGreaterThan(after.newest);
      await other.close();
    });

    test('marks made at once are all higher than what was told before them', async () => {
      const { newest } = await store.standing([]);
      const names = Array.from({ length: 200 }, (_, at) => `many-${at}`);
      await Promise.all(names.map((name) => store.mark([name])));
      const { marked } = await store.standing(names);
      expect(marked.filter((place) => place > newest)).toHaveLength(names.length);
    });

    test('fails while the server is dead and works again when it is back, its marks whole or another log', async () => {
      await store.mark(['survives']);
      const before = await store.standing(['survives']);
      await server.kill();
      expect(await store.get('value').catch(() => 'failed')).toBe('failed');
      expect(await store.mark(['x']).catch(() => 'failed')).toBe('failed');
      await server.restart();
      await store.put('value', text('again'), 60_000);
      expect(String(Buffer.from((await store.get('value')) ?? []))).toBe('again');
      const after = await store.standing(['survives']);
      const isWhole = after.log === before.log && after.marked[0] === before.marked[0];
      expect(isWhole || after.log !== before.log).toBe(true);
      // Whoever was told a place in that log before can be sure that every later mark is higher.
      await store.mark(['later']);
      const later = await store.standing(['later']);
      if (later.log === before.log) expect(later.marked[0]).toBeGreaterThan(before.newest);
    }, 20_000);

    test('lets in who has the password, and nobody else', async () => {
      await using guarded = await startKvServer(kind, { password: 'p@ss/wörd:1' });
      const asking = {
        url: guarded.url,
        space: 'meridian-test-near',
        lifetimeMs: 60_000,
        clock: systemClock,
      };
      const user = kind === 'nats' ? { user: kvUser } : {};
      const known = open({ ...asking, ...user, password: 'p@ss/wörd:1' });
      await known.put('value', text('mine'), 60_000);
      expect(String(Buffer.from((await known.get('value')) ?? []))).toBe('mine');
      const unknown = open({ ...asking, ...user, password: 'another' });
      expect(await unknown.get('value').catch(() => 'refused')).toBe('refused');
      const silent = open(asking);
      expect(await silent.get('value').catch(() => 'refused')).toBe('refused');
      for (const each of [known, unknown, silent]) await each.close();
    });

    test('gets a new connection after a reset, and none after it was closed', async () => {
      const other = another();
      await other.put('value', text('x'), 60_000);
      other.reset();
      expect(await other.get('value')).not.toBeNull();
      await other.close();
      expect(await other.get('value').catch(() => 'closed')).toBe('closed');
    });
  });
}
