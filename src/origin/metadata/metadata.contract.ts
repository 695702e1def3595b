/**
 * What a metadata store has to hold to, whatever its engine. Every test works below a first part of its own, so that all of
 * them can share one store.
 */
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import fc from 'fast-check';
import { findBun, runtimeEnv } from '../../../bin/runtime.mjs';
import { eventually } from '../../../test/support/index.ts';
import { MeridianError } from '../../errors.ts';
import { type Document, type DocumentReader, documentLimits, type MetadataStore } from '../../store.ts';
import { openedForAll } from '../opened.contract.ts';

export interface MetadataSubject {
  /** The same documents each time: as another process would open them. */
  open(): Promise<MetadataStore>;
  /** What `test/faults/metadata-writer.ts` opens them with. */
  readonly place: readonly [engine: string, pathOrUrl: string];
  readonly env?: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export function metadataContract(engine: string, start: () => Promise<MetadataSubject>): void {
  let subject: MetadataSubject;
  let store: MetadataStore;
  const next = openedForAll(start, (...opened: [MetadataSubject, MetadataStore]) => {
    [subject, store] = opened;
  });
  const fresh = () => `test-${next()}`;

  const put = (key: readonly string[], value: unknown, expected?: Document['revision'] | null) =>
    store.transact((transaction) => transaction.put(key, value, expected));

  describe(`documents in ${engine}`, () => {
    test('are there once they are acknowledged, as they were given', async () => {
      const name = fresh();
      const value = { text: 'ü \u0000 \ud800 "', list: [1, null, true], deep: { empty: {} } };
      const revision = await put([name, 'a'], value);
      expect(await store.get([name, 'a'])).toEqual({ key: [name, 'a'], value, revision });
      expect(await store.get([name, 'b'])).toBeNull();
    });

    test('are seen by another process', async () => {
      const name = fresh();
      await put([name], 1);
      const other = await subject.open();
      expect((await other.get([name]))?.value).toBe(1);
      await other.close();
    });

    test('get another revision with every write, also when they were gone in between', async () => {
      const name = fresh();
      const revisions = [await put([name], 1), await put([name], 1)];
      await store.transact((transaction) => transaction.delete([name]));
      revisions.push(await put([name], 1));
      expect(new Set(revisions).size).toBe(3);
    });

    test('are deleted once', async () => {
      const name = fresh();
      await put([name], 1);
      const remove = () => store.transact((transaction) => transaction.delete([name]));
      expect(await remove()).toBe(true);
      expect(await remove()).toBe(false);
      expect(await store.get([name])).toBeNull();
    });

    test('may be as large as the limit, and no larger', async () => {
      const name = fresh();
      const text = 'x'.repeat(documentLimits.valueBytes - 2);
      await put([name], text);
      expect((await store.get([name]))?.value).toBe(text);
      expect(await failure(put([name], `${text}x`))).toBe('document-too-large');
      const key = [name, 'k'.repeat(documentLimits.keyBytes - name.length - 2)];
      await put(key, 1);
      expect((await store.get(key))?.value).toBe(1);
      expect(await failure(put([name, `${key[1]}k`], 1))).toBe('internal');
    });

    test('cannot have a key that is no text, or none', async () => {
      expect(await failure(put(['\ud800'], 1))).toBe('internal');
      expect(await failure(put([], 1))).toBe('internal');
    });
  });

  describe(`revisions in ${engine}`, () => {
    test('a document is replaced only as the one that was expected', async () => {
      const key = [fresh()];
      const first = await put(key, 1, null);
      expect(await failure(put(key, 2, null))).toBe('conflict');
      const second = await put(key, 2, first);
      expect(await failure(put(key, 3, first))).toBe('conflict');
      const remove = (expected: Document['revision']) =>
        store.transact((transaction) => transaction.delete(key, expected));
      expect(await failure(remove(first))).toBe('conflict');
      expect((await store.get(key))?.value).toBe(2);
      expect(await remove(second)).toBe(true);
      expect(await failure(put(key, 3, second))).toBe('conflict');
    });

    test('of many who make the same document at once, one does', async () => {
      const key = [fresh()];
      const all = Array.from({ length: 10 }, (_, number) => put(key, number, null));
      const made = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled');
      expect(made).toHaveLength(1);
    });
  });

  describe(`scans in ${engine}`, () => {
    test('see keys in the order of their parts, each by its code points', async () => {
      const part = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.constantFrom('', '\0', 'a', 'a\0', 'a\0b', 'ab', '\u{10ffff}', '\uffff', 'Z', 'ä', '~'),
      );
      const keys = fc.uniqueArray(fc.array(part, { maxLength: 3 }), {
        minLength: 2,
        maxLength: 30,
        selector: (key) => JSON.stringify(key),
      });
      await fc.assert(
        fc.asyncProperty(keys, async (tails) => {
          const name = fresh();
          await store.transact(async (transaction) => {
            for (const tail of tails) await transaction.put([name, ...tail], tail);
          });
          const expected = [...tails].sort(byParts);
          const found = (await store.scan([name])).map(({ key }) => key.slice(1));
          expect(found).toEqual(expected);
          const backwards = await store.scan([name], { order: 'descending' });
          expect(backwards.map(({ key }) => key.slice(1))).toEqual(expected.toReversed());
          const prefix = tails[0] ?? [];
          const below = await store.scan([name, ...prefix]);
          const beginsSo = (key: readonly string[]) => prefix.every((part, index) => key[index] === part);
          expect(below.map(({ key }) => key.slice(1))).toEqual(expected.filter(beginsSo));
        }),
        { numRuns: 40 },
      );
    }, 60_000);

    test('turn pages, forwards and backwards', async () => {
      const name = fresh();
      const names = Array.from({ length: 25 }, (_, number) => `${100 + number}`);
      await store.transact(async (transaction) => {
        for (const each of names) await transaction.put([name, each], each);
      });
      for (const order of ['ascending', 'descending'] as const) {
        const pages: string[][] = [];
        for (let after: readonly string[] | undefined; ; ) {
          const page = await store.scan([name], { limit: 10, order, ...(after && { after }) });
          pages.push(page.map(({ value }) => String(value)));
          after = page.at(-1)?.key;
          if (page.length < 10) break;
        }
        expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
        expect(pages.flat()).toEqual(order === 'ascending' ? names : names.toReversed());
      }
      expect(await failure(store.scan([name], { limit: 1001 }))).toBe('internal');
    });

    test('see what is there all the time exactly once, while others come and go', async () => {
      const name = fresh();
      const stays = Array.from({ length: 40 }, (_, number) => `${100 + number}`);
      for (const each of stays) await put([name, each], 'stays');
      let turning = true;
      const churn = (async () => {
        for (let number = 0; turning; number++) {
          const key = [name, `${100 + (number % 40)}-passing`];
          await put(key, 'passes');
          if (number % 2 === 0) await store.transact((transaction) => transaction.delete(key));
        }
      })();
      const seen: string[] = [];
      for (let after: readonly string[] | undefined; ; ) {
        const page = await store.scan([name], { limit: 3, ...(after && { after }) });
        seen.push(...page.filter(({ value }) => value === 'stays').map(({ key }) => key[1] ?? ''));
        after = page.at(-1)?.key;
        if (page.length < 3) break;
      }
      turning = false;
      await churn;
      expect(seen).toEqual(stays);
    }, 30_000);
  });

  describe(`transactions in ${engine}`, () => {
    test('see what they have written, which others do not see yet', async () => {
      const name = fresh();
      await store.transact(async (transaction) => {
        await transaction.put([name], 1);
        expect((await transaction.get([name]))?.value).toBe(1);
        expect(await transaction.scan([name])).toHaveLength(1);
        expect(await store.get([name])).toBeNull();
      });
      expect((await store.get([name]))?.value).toBe(1);
    });

    test('write nothing when they fail, and pass the failure on', async () => {
      const name = fresh();
      await put([name, 'old'], 1);
      const failing = store.transact(async (transaction) => {
        await transaction.put([name, 'new'], 1);
        await transaction.delete([name, 'old']);
        throw new RangeError('changed my mind');
      });
      expect(await failing.catch((error) => error)).toEqual(new RangeError('changed my mind'));
      expect((await store.scan([name])).map(({ key }) => key[1])).toEqual(['old']);
    });

    test('fail alone: others that run at the same time do not', async () => {
      const name = fresh();
      const all = Array.from({ length: 20 }, (_, number) =>
        store.transact(async (transaction) => {
          await transaction.put([name, `${100 + number}`], number);
          if (number % 3 === 0) throw new Error('no');
        }),
      );
      await Promise.allSettled(all);
      const values = (await store.scan([name])).map(({ value }) => Number(value));
      expect(values).toEqual(Array.from({ length: 20 }, (_, n) => n).filter((n) => n % 3 !== 0));
    });

    test('are in order, and seen by others, whether they have to last or not', async () => {
      const name = fresh();
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          store.transact(
            async (transaction) => {
              const before = Number((await transaction.get([name]))?.value ?? 0);
              await transaction.put([name], before + 1);
              return before;
            },
            { lasting: at % 3 === 0 },
          ),
        ),
      );
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
      const failing = store.transact(
        async (transaction) => {
          await transaction.put([name], 'never');
          throw new Error('on purpose');
        },
        { lasting: false },
      );
      await expect(failing).rejects.toThrow('on purpose');
      const other = await subject.open();
      expect((await other.get([name]))?.value).toBe(20);
      await other.close();
    });

    test('lose no update', async () => {
      const key = [fresh()];
      await put(key, 0);
      const add = () =>
        store.transact(async (transaction) => {
          await transaction.put(key, Number((await transaction.get(key))?.value) + 1);
        });
      const adders = Array.from({ length: 6 }, async () => {
        for (let time = 0; time < 10; time++) await add();
      });
      await Promise.all(adders);
      expect((await store.get(key))?.value).toBe(60);
    }, 60_000);

    test('decide by nothing that another has changed (write skew)', async () => {
      for (let round = 0; round < 15; round++) {
        const name = fresh();
        await store.transact(async (transaction) => {
          for (const owner of ['one', 'two']) await transaction.put([name, owner], true);
        });
        // An owner may leave as long as another one stays.
        const leave = (owner: string) =>
          store.transact(async (transaction) => {
            const owners = await transaction.scan([name]);
            if (owners.length > 1) await transaction.delete([name, owner]);
          });
        await Promise.all([leave('one'), leave('two')]);
        expect(await store.scan([name])).toHaveLength(1);
      }
    }, 30_000);

    test('count among what they have seen also what was not there (phantoms)', async () => {
      for (let round = 0; round < 15; round++) {
        const name = fresh();
        const claim = (owner: string) =>
          store.transact(async (transaction) => {
            if ((await transaction.scan([name])).length === 0) await transaction.put([name, owner], true);
          });
        await Promise.all([claim('one'), claim('two'), claim('three')]);
        expect(await store.scan([name])).toHaveLength(1);
      }
    }, 30_000);

    test('cannot be used after their end', async () => {
      const kept = await store.transact(async (transaction) => transaction);
      expect(await failure(kept.put([fresh()], 1))).toBe('internal');
      expect(await failure(kept.get([fresh()]))).toBe('internal');
    });
  });

  describe(`a crash, with ${engine}`, () => {
    test('leaves what was acknowledged, and no transaction by half', async () => {
      const writer = join(import.meta.dir, '../../../test/faults/metadata-writer.ts');
      for (let round = 0; round < 4; round++) {
        const name = fresh();
        const child = Bun.spawn([findBun(), writer, ...subject.place, name], {
          env: { ...runtimeEnv(), ...subject.env },
          stdin: 'ignore',
          stdout: 'pipe',
          stderr: 'inherit',
        });
        let printed = '';
        const reading = (async () => {
          for await (const chunk of child.stdout) printed += Buffer.from(chunk).toString();
        })();
        const enough = 20 + round * 37;
        await eventually('the writer to write', () => printed.split('\n').length > enough);
        child.kill('SIGKILL');
        await Promise.all([child.exited, reading]);
        const acknowledged = printed.split('\n').slice(0, -1);
        // At one moment: a server may still be about to commit what it was told last.
        const [left, right] = await store.transact(async (transaction) => {
          const side = async (which: string) => {
            const found = await all(transaction, [name, which]);
            return new Set(found.map(({ value }) => String(value)));
          };
          return [await side('left'), await side('right')] as const;
        });
        expect(left).toEqual(right);
        expect(acknowledged.filter((number) => !left.has(number))).toEqual([]);
      }
    }, 60_000);
  });
}

/** The code of the error that it fails with; the value it has otherwise. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error instanceof MeridianError ? error.code : error;
  }
}

async function all(store: DocumentReader, prefix: readonly string[]): Promise<Document[]> {
  const found: Document[] = [];
  for (;;) {
    const last = found.at(-1)?.key;
    const page = await store.scan(prefix, last && { after: last });
    found.push(...page);
    if (page.length < documentLimits.page) return found;
  }
}

function byParts(one: readonly string[], other: readonly string[]): number {
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    const order = Buffer.compare(Buffer.from(one[index] ?? ''), Buffer.from(other[index] ?? ''));
    if (order !== 0) return order;
  }
  return one.length - other.length;
}
