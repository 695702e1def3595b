import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { answerOf, maxAge } from '../cache/answers.contract.ts';
import { type World, world } from '../cache/world.contract.ts';
import type { Knowledge } from '../exchange.ts';
import type { CacheKey } from '../resource.ts';
import { forgetAtAll } from './forget.ts';
import { giveCopy, takeCopy } from './replica.ts';

const key = 'web /' as CacheKey;
const at = (sequence: number): Knowledge => ({ log: 'l', sequence });

/** What a worker has heard of purges, as far as copies are concerned. */
function worker({ cache, clock }: World, heard: Knowledge) {
  const sequence = heard === 'unsure' ? 0 : heard.sequence;
  const purging = {
    knows: () => heard,
    meets: (asker: Knowledge) => asker === 'unsure' || asker.sequence <= sequence,
  };
  return { cache, clock, purging } as unknown as Parameters<typeof takeCopy>[0];
}

/** From one to another, as over the socket. */
async function copy(from: World, to: World, heard = { from: at(7), to: at(7) }) {
  const ring = {
    async tell(_: string, what: string, text: string) {
      expect(what).toBe('copy');
      const { status, headers: fields, body } = await giveCopy(text, worker(from, heard.from));
      return { status, headers: fields, body: body as ReadableStream<Uint8Array> | null };
    },
  };
  return takeCopy(worker(to, heard.to), ring, 'lhr.1', key, new Headers());
}

async function stored(fields: Record<string, string>, body: Uint8Array | string = 'body'): Promise<World> {
  const here = await world({ memoryBytes: 64 * 2 ** 20 });
  here.parent = () => answerOf(body, { ...maxAge(60), ...fields });
  await (await here.get()).bytes();
  return here;
}

describe('a copy between workers', () => {
  test('has everything that is known of the response', async () => {
    await using from = await stored({
      etag: '"1"',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      'cache-tag': 'a, b',
      'meridian-source-etag': '"up"',
      'x-what': 'else',
    });
    await using to = await world({ clock: from.clock });
    from.clock.advance(12_345);
    expect(await copy(from, to)).toBe(true);
    to.clock.advance(1_000);
    const reply = await to.get();
    expect(await reply.text()).toBe('body');
    const own = from.cache.original(key, new Headers())?.entry;
    const { source } = reply.served as { source: { entry: unknown } };
    expect(source.entry).toEqual({ ...own, asOf: 0, sha256: '' });
  });

  test('ages by how long it was held, whatever the other one’s clock says', async () => {
    await using from = await stored({});
    await using to = await world({ clock: virtualClock(Date.UTC(2020, 0, 1)) });
    from.clock.advance(50_000);
    expect(await copy(from, to)).toBe(true);
    expect((await to.get()).outcome).toBe('hit');
    to.clock.advance(10_001);
    to.parent = () => answerOf('', maxAge(1));
    expect((await to.get()).outcome).not.toBe('hit');
  });

  test('may be as long as memory takes', async () => {
    const long = crypto.getRandomValues(new Uint8Array(60_000));
    await using from = await stored({}, long);
    await using to = await world({ clock: from.clock });
    expect(await copy(from, to)).toBe(true);
    expect(await (await to.get()).bytes()).toEqual(long);
    await using small = await world({ clock: from.clock, memoryObjectBytes: 50_000 });
    expect(await copy(from, small)).toBe(false);
    expect(small.cache.stats.memory.entries).toBe(0);
  });

  test('is not given by one who has not heard of the purges that the taker knows of', async () => {
    await using from = await stored({});
    await using to = await world({ clock: from.clock });
    expect(await copy(from, to, { from: at(6), to: at(7) })).toBe(false);
    expect(to.cache.stats.memory.entries).toBe(0);
    expect(await copy(from, to, { from: at(8), to: 'unsure' })).toBe(false);
    expect(await copy(from, to, { from: at(8), to: at(7) })).toBe(true);
  });

  test('is not asked for where a fresh one is: the client wanted something newer', async () => {
    await using from = await stored({});
    await using to = await world({ clock: from.clock });
    expect(await copy(from, to)).toBe(true);
    const ring = { tell: () => Promise.reject(new Error('it was asked')) };
    expect(await takeCopy(worker(to, at(7)), ring, 'lhr.1', key, new Headers())).toBe(false);
  });

  test('is not kept when it is longer than the room that all copies have', async () => {
    await using from = await stored({}, new Uint8Array(50_000));
    const memoryBytes = 64 * 2 ** 20;
    await using small = await world({ clock: from.clock, memoryBytes, copiesShare: 40_000 / memoryBytes });
    expect(await copy(from, small)).toBe(false);
    await using large = await world({ clock: from.clock, memoryBytes, copiesShare: 60_000 / memoryBytes });
    expect(await copy(from, large)).toBe(true);
  });

  test('is not given when there is none, or the question is none', async () => {
    await using from = await stored({});
    from.cache.drop(key);
    await using to = await world({ clock: from.clock });
    expect(await copy(from, to)).toBe(false);
    for (const text of ['', '{}', '{"key": 1}'])
      expect((await giveCopy(text, worker(from, at(0)))).status).toBe(400);
  });

  test('that is cut off is not kept', async () => {
    await using from = await stored({});
    await using to = await world({ clock: from.clock });
    const ring = {
      async tell(_: string, __: string, text: string) {
        const { status, headers, body } = await giveCopy(text, worker(from, at(7)));
        const whole = new Uint8Array(await new Response(body).arrayBuffer());
        return { status, headers, body: whole.slice(0, -1) };
      },
    };
    expect(await takeCopy(worker(to, at(7)), ring, 'lhr.1', key, new Headers())).toBe(false);
    expect(to.cache.stats.memory.entries).toBe(0);
  });
});

describe('what a request has changed', () => {
  test('does not come back from a worker that had not heard of it yet', async () => {
    await using owner = await stored({});
    await using replica = await world({ clock: owner.clock });
    await using third = await world({ clock: owner.clock });
    await copy(owner, replica);
    const forgotten = { keys: [key], route: 'web', groups: [] };
    let round = 0;
    const ring = {
      hasReplicas: true,
      async tellForgotten() {
        round++;
        replica.cache.drop(key);
        // In the first round, it asks again before the owner has forgotten.
        if (round === 1) expect(await copy(owner, replica)).toBe(true);
        owner.cache.drop(key);
      },
    };
    await forgetAtAll(third.cache, ring, forgotten);
    expect(replica.cache.stats.memory.entries).toBe(0);
    expect(owner.cache.stats.memory.entries).toBe(0);
  });
});
