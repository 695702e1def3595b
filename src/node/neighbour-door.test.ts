/** What one worker tells another of what it has in memory: over a real socket, from a real cache. */
import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Socket } from 'bun';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { answerOf, maxAge } from '../cache/answers.contract.ts';
import { type World, world } from '../cache/world.contract.ts';
import { MeridianError } from '../errors.ts';
import type { Deed, Identity } from '../identity.ts';
import type { CacheKey } from '../resource.ts';
import { type Got, openCaller } from '../ring/frames/caller.ts';
import { kinds, textFrame, version } from '../ring/frames/frame.ts';
import { questionFrame } from '../ring/frames/message.ts';
import { ownWord, signHop } from '../ring/hop.ts';
import { registry } from '../telemetry/metrics/registry.ts';
import { requestMeter } from '../telemetry/metrics/requests.ts';
import { workMeter } from '../telemetry/metrics/work.ts';
import { popularity } from '../telemetry/top/popularity.ts';
import { openTracing } from '../telemetry/tracing/tracing.ts';
import { openNeighbourDoor } from './neighbour-door.ts';
import { helloMethod } from './neighbours.ts';
import type { Node } from './node.ts';

const folder = temporary('neighbours');
const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

let sockets = 0;
const longBytes = 1024 * 1024;
const secret = 'a secret that nobody knows';

async function stored(fields: Record<string, string>, body = 'body'): Promise<World> {
  const here = await world({ memoryObjectBytes: 2 * longBytes });
  here.parent = () => answerOf(body, { ...maxAge(60), ...fields });
  await (await here.get()).bytes();
  return here;
}

/** A worker that keeps this, and lets those with a token read what is restricted. */
function worker({ cache, clock, parent: answers }: World) {
  const resource = {
    as: 'resource',
    key: 'web /' as CacheKey,
    kind: 'page',
    tags: [],
    ask: 'client',
    negative: { s: {}, maxS: 0 },
  };
  const route = { name: 'web', protocol: { name: () => resource } };
  const counts = { requests: 0, hits: 0, errors: 0, pending: 0 };
  const lines: { client: string; id: string; userAgent: string | undefined }[] = [];
  const guard = {
    isOpen: () => true,
    holder: ({ headers }: { headers: Headers }) => headers.get('authorization'),
    identify({ headers }: { headers: Headers }) {
      const token = headers.get('authorization');
      if (token === 'unknown') return Promise.reject(new MeridianError('access-unknown', 'not known'));
      if (token === 'wrong') throw new MeridianError('unauthenticated', 'not good');
      return { token, may: ({ restricted }: Deed) => !restricted || token === 'good' };
    },
    denial: (identity: Identity, deed: Deed) =>
      identity.may(deed) ? null : new MeridianError('forbidden', 'not for you'),
  };
  const site = {
    secret,
    routes: {
      match: (authority: string) => (authority === 'lhr.example' ? route : null),
      named: (name: string | null) => (name === route.name ? route : null),
    },
    config: { limits: { clients: 10 }, cacheStatusKey: false },
    parentOf: () => answers,
    system: { name: 'meridian' },
  };
  const own = { name: 'lhr', role: 'pop', ring: null, hot: null, predictor: null };
  const node = { ...own, timing: () => 'lhr;dur=0', log: { error() {} } };
  const accessLog = {
    ...{ wants: () => true, hasClient: true },
    record: (line: (typeof lines)[number]) => void lines.push(line),
  };
  const counted = registry();
  const meter = requestMeter(counted, () => undefined);
  const work = workMeter(counted, () => false);
  const asked = popularity(clock.now(), 1);
  const tracing = openTracing({
    ...{ clock, settings: null, about: {}, random: (count: number) => new Uint8Array(count) },
    counts: { kept: { failed: 0, slow: 0, sampled: 0, told: 0 }, dropped: 0 },
    ...{ keep: () => undefined, exemplify: () => undefined, tell: () => undefined },
  });
  const parts = { cache, clock, counts, meter, work, popularity: asked, guard, site, accessLog, tracing };
  return { counts, lines, asked, node: { ...node, ...parts } as unknown as Node };
}

function door({ node }: { readonly node: Node }): string {
  const path = join(folder.path, `${sockets++}.hits`);
  const opening = openNeighbourDoor(node, path);
  opened.push({ close: () => void opening.drain(0) });
  return path;
}

const question = {
  ...{ method: 'GET', target: '/', base: 'http://lhr.example', client: '192.0.2.1', id: 'a-1', fields: '' },
  memoryOnly: false,
};

/** Who asked, and how often. */
function namesIn({ asked, node }: ReturnType<typeof worker>): string[] {
  const { top } = asked.read(node.clock.now()).token;
  return top.map(({ name, requests }) => `${name} ${requests}`);
}

/** What another worker gets. */
async function ask(path: string, { clock }: World, headers: Record<string, string> = {}, about = {}) {
  const hello = () => signHop(secret, ownWord('lhr.2'), helloMethod, path, clock.now());
  const timeouts = () => ({ firstByteMs: 10_000, betweenBytesMs: 10_000 });
  const caller = openCaller({ path, hello, clock, timeouts, late: () => () => {} });
  opened.push(caller);
  const fields = Object.entries(headers)
    .map(([name, value]) => `\n${name}\n${value}`)
    .join('');
  const { signal } = new AbortController();
  return eventually('an answer', () => caller.ask({ ...question, ...about, fields }, { signal }));
}

async function textOf({ body }: Got): Promise<string> {
  let text = '';
  for await (const piece of body ?? []) text += Buffer.from(piece).toString();
  return text;
}

describe('a worker that is asked over frames', () => {
  test('gives what it has, counts it, and logs it as the request of the client', async () => {
    await using here = await stored({ etag: '"1"', 'x-what': 'else' });
    const one = worker(here);
    const got = await ask(door(one), here, { 'user-agent': 'curl' });
    expect([got.as, got.status, await textOf(got)]).toEqual(['hit', 200, 'body']);
    expect(got.head).toContain('\nx-what\nelse');
    expect(got.head).toContain('\ncache-status\nlhr;hit;ttl=60;detail=memory');
    expect(one.counts).toMatchObject({ requests: 1, hits: 1 });
    expect(namesIn(one)).toEqual(['anonymous 1']);
    expect(one.lines).toMatchObject([{ client: '192.0.2.1', id: 'a-1', userAgent: 'curl' }]);
  });

  test('gives what is restricted to those alone who may read it, and says why not, each time once', async () => {
    await using here = await stored({ 'meridian-access': 'restricted' });
    const one = worker(here);
    const path = door(one);
    const refused: number[] = [];
    for (const authorization of ['none', 'wrong', 'unknown']) {
      const got = await ask(path, here, { authorization });
      expect([got.as, await textOf(got)]).toEqual(['whole', expect.not.stringMatching(/^body$/)]);
      refused.push(got.status);
    }
    expect(refused).toEqual([403, 401, 503]);
    expect([one.counts.requests, one.counts.hits, one.lines.length]).toEqual([3, 0, 3]);
    expect(await ask(path, here, { authorization: 'good' })).toMatchObject({ as: 'hit', status: 200 });
    expect(namesIn(one)).toContain('good 1');
  });

  test('answers what is stale, or was never stored, as over HTTP', async () => {
    await using here = await stored({ etag: '"1"' });
    const one = worker(here);
    const path = door(one);
    here.clock.advance(61_000);
    const got = await ask(path, here);
    expect([got.as, got.status, await textOf(got)]).toEqual(['whole', 200, 'body']);
    expect(got.head).toContain('\ncache-status\nlhr;fwd=stale');
    expect(one.counts).toMatchObject({ requests: 1, hits: 0 });
    expect(one.lines).toHaveLength(1);
  });

  test('gives nothing but what is fresh in memory where nothing else is wanted', async () => {
    await using here = await stored({});
    const one = worker(here);
    const path = door(one);
    here.clock.advance(61_000);
    const got = await ask(path, here, {}, { memoryOnly: true });
    expect([got.status, got.head]).toEqual([404, '\nmeridian-hop\nnot-in-memory']);
    expect([one.counts.requests, here.asked.length]).toEqual([0, 1]);
  });

  test('answers conditions, and requests for a head alone', async () => {
    await using here = await stored({ etag: '"1"' });
    const path = door(worker(here));
    const same = await ask(path, here, { 'if-none-match': '"1"' });
    expect([same.status, same.body]).toEqual([304, null]);
    const head = await ask(path, here, {}, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, null]);
    expect(head.head).toContain('\ncontent-length\n4');
    expect(await textOf(await ask(path, here, { range: 'bytes=1-2' }))).toBe('od');
  });

  test('gives what is long, in its body or its head, too', async () => {
    const text = 'x'.repeat(longBytes + 1);
    await using long = await stored({}, text);
    const path = door(worker(long));
    await eventually('it to be kept', async () => (await ask(path, long)).as === 'hit');
    expect((await textOf(await ask(path, long))) === text).toBe(true);
    await using heavy = await stored({ 'x-long': 'x'.repeat(10_000) });
    const got = await ask(door(worker(heavy)), heavy);
    expect([got.as, await textOf(got)]).toEqual(['whole', 'body']);
    expect(got.head).toContain('x'.repeat(10_000));
  });

  test('refuses what it has no time for', async () => {
    await using here = await stored({});
    const one = worker(here);
    one.counts.pending = 10;
    const got = await ask(door(one), here);
    expect([got.status, one.counts.errors]).toEqual([503, 1]);
    expect(got.head).toContain('\nretry-after\n1');
  });

  test('tells nothing to those who do not know the secret', async () => {
    await using here = await stored({});
    const one = worker(here);
    const path = door(one);
    const own = ownWord('lhr.2');
    const now = here.clock.now();
    for (const word of [
      signHop('another secret', own, helloMethod, path, now),
      signHop(secret, own, helloMethod, '/another/socket', now),
      signHop(secret, { ...own, client: '192.0.2.1' }, helloMethod, path, now),
      signHop(secret, own, helloMethod, path, now - 120_000),
    ]) {
      let heard = 0;
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const socket = {
        data(_: Socket, bytes: Buffer) {
          heard += bytes.length;
        },
        close: () => resolve(),
      };
      const made = await Bun.connect({ unix: path, socket });
      made.write(textFrame(kinds.hello, 0, `${version} ${word}`));
      made.write(questionFrame(1, question) ?? '');
      await closed;
      expect(heard).toBe(0);
    }
    expect(one.counts.requests).toBe(0);
  });
});
