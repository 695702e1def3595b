import { describe, expect, test } from 'bun:test';
import { errorAnswer } from './canonical.ts';
import { openDerivations, type Part, type Purges } from './derivations.ts';
import type { Fetched } from './fetch-packument.ts';
import type { Source } from './source.ts';

const source: Source = {
  remote: 'https://registry.example',
  form: 'abbreviated',
  etag: null,
  lastModified: null,
  sha256: 'aa',
  stamp: null,
};
const document = { bytes: new Uint8Array(), reprDigest: 'sha-256=::' };
const ruling = { changesAtMs: null, nothingLeft: null };
const head = new Headers();
const derived = (full: typeof document | null = null): Fetched => ({
  as: 'derived',
  source,
  head,
  documents: { abbreviated: document, full, index: document, choices: document, ruling },
});

/** Round trips that end when the test says so. */
function world() {
  const derivations = openDerivations();
  const trips: { end(fetched: Fetched): void; fail(error: Error): void; signal: AbortSignal }[] = [];
  return {
    trips,
    take(
      part: Part,
      {
        signal = new AbortController().signal,
        stored = null as Source | null,
        keepFor = async () => {},
        purges = undefined as Purges | undefined,
      } = {},
    ) {
      const fetch = (stop: AbortSignal) =>
        new Promise<Fetched>((resolve, reject) => {
          trips.push({ end: resolve, fail: reject, signal: stop });
        });
      return derivations.take('left', part, stored, signal, fetch, keepFor, purges);
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('one round trip', () => {
  test('serves both forms and the index, while it is under way', async () => {
    const { take, trips } = world();
    const all = [take('abbreviated'), take('index'), take('full')];
    trips[0]!.end(derived(document));
    expect(await Promise.all(all)).toEqual([derived(document), derived(document), derived(document)]);
    expect(trips).toHaveLength(1);
  });

  test('does not serve whoever asks for what was purged meanwhile', async () => {
    const { take, trips } = world();
    const purges = (newest: number, about: number) => ({ newest, spare: (since: number) => since >= about });
    void take('full', { purges: purges(3, 0) });
    void take('index', { purges: purges(5, 3) });
    expect(trips).toHaveLength(1);
    void take('abbreviated', { purges: purges(5, 5) });
    expect(trips).toHaveLength(2);
  });

  test('and afterwards, for as long as it is held', async () => {
    const { take, trips } = world();
    const held = Promise.withResolvers<void>();
    const first = take('abbreviated', { keepFor: () => held.promise });
    trips[0]!.end(derived());
    await first;
    expect(await take('index')).toEqual(derived());
    held.resolve();
    await turn();
    void take('index');
    await turn();
    expect(trips).toHaveLength(2);
  });

  test('does not serve the same part twice: the first one’s answer is not wanted any more', async () => {
    const { take, trips } = world();
    const before = take('abbreviated');
    const after = take('abbreviated');
    expect(trips).toHaveLength(2);
    trips[1]!.end(derived(document));
    trips[0]!.end(derived());
    expect(await before).toEqual(derived());
    expect(await after).toEqual(derived(document));
  });

  test('does not serve the full form when the upstream sent the abbreviated one', async () => {
    const { take, trips } = world();
    const [short, full] = [take('abbreviated'), take('full')];
    trips[0]!.end(derived());
    await short;
    await turn();
    expect(trips).toHaveLength(2);
    trips[1]!.end(derived(document));
    expect(await full).toEqual(derived(document));
  });

  test('confirms for those whose document has the same source, and for nobody else', async () => {
    const { take, trips } = world();
    const unchanged: Fetched = { as: 'unchanged', source, head };
    const [first, same, other] = [
      take('abbreviated', { stored: source }),
      take('index', { stored: { ...source } }),
      take('full', { stored: { ...source, sha256: 'bb' } }),
    ];
    trips[0]!.end(unchanged);
    expect([await first, await same]).toEqual([unchanged, unchanged]);
    await turn();
    trips[1]!.end(derived(document));
    expect(await other).toEqual(derived(document));
  });

  test('fails for all, and is forgotten', async () => {
    const { take, trips } = world();
    const both = [take('abbreviated'), take('index')];
    trips[0]!.fail(new Error('reset'));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    const again = take('full');
    await turn();
    trips[1]!.end({ as: 'error', answer: errorAnswer(404, 'Not found') });
    expect(await again).toMatchObject({ as: 'error' });
  });
});

describe('who leaves', () => {
  test('does not stop it for those who stay', async () => {
    const { take, trips } = world();
    const leaver = new AbortController();
    const left = take('abbreviated', { signal: leaver.signal });
    const stays = take('index');
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(trips[0]!.signal.aborted).toBe(false);
    trips[0]!.end(derived());
    expect(await stays).toEqual(derived());
  });

  test('last stops it, and who comes then starts anew', async () => {
    const { take, trips } = world();
    const leaver = new AbortController();
    const left = take('abbreviated', { signal: leaver.signal });
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(trips[0]!.signal.aborted).toBe(true);
    const next = take('index');
    trips[1]!.end(derived());
    expect(await next).toEqual(derived());
  });
});
