/** What one worker tells another of what it has in memory: over a real socket, from a real cache. */
import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Socket } from 'bun';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { answerOf, maxAge } from '../cache/answers.contract.ts';
import { type World, world } from '../cache/world.contract.ts';
import type { Deed } from '../identity.ts';
import type { CacheKey } from '../resource.ts';
import { openCaller } from '../ring/frames/caller.ts';
import { kinds, textFrame } from '../ring/frames/frame.ts';
import { mostBodyBytes, questionFrame } from '../ring/frames/message.ts';
import { ownWord, signHop } from '../ring/hop.ts';
import { registry } from '../telemetry/metrics/registry.ts';
import { requestMeter } from '../telemetry/metrics/requests.ts';
import { openNeighbourDoor } from './neighbour-door.ts';
import { helloMethod } from './neighbours.ts';
import type { Node } from './node.ts';

const folder = temporary('neighbours');
const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

let sockets = 0;
const secret = 'a secret that nobody knows';

async function stored(fields: Record<string, string>, body = 'body'): Promise<World> {
  const here = await world({ memoryObjectBytes: 2 * mostBodyBytes });
  here.parent = () => answerOf(body, { ...maxAge(60), ...fields });
  await (await here.get()).bytes();
  return here;
}

/** A worker that keeps this, and lets those with a token read what is restricted. */
function worker({ cache, clock }: World) {
  const resource = { as: 'resource', key: 'web /' as CacheKey, kind: 'page', tags: [], ask: 'client' };
  const route = { name: 'web', protocol: { name: () => resource } };
  const counts = { requests: 0, hits: 0, errors: 0, pending: 0 };
  const lines: { client: string; id: string; userAgent: string | undefined }[] = [];
  const guard = {
    isOpen: () => true,
    identify({ headers }: { headers: Headers }) {
      const token = headers.get('authorization');
      if (token === 'unknown') return Promise.reject(new Error('not known'));
      if (token === 'wrong') throw new Error('not good');
      return { may: ({ restricted }: Deed) => !restricted || token === 'good' };
    },
  };
  const site = {
    secret,
    routes: { match: (authority: string) => (authority === 'lhr.example' ? route : null) },
    config: { limits: { clients: 10 }, cacheStatusKey: false },
  };
  const node = { name: 'lhr', role: 'pop', timing: () => 'lhr;dur=0', hot: null, log: { error() {} } };
  const accessLog = { record: (line: (typeof lines)[number]) => void lines.push(line) };
  const meter = requestMeter(registry(), () => undefined);
  return {
    counts,
    lines,
    node: { ...node, cache, clock, counts, meter, guard, site, accessLog } as unknown as Node,
  };
}

function door({ node }: { readonly node: Node }): string {
  const path = join(folder.path, `${sockets++}.hits`);
  opened.push(openNeighbourDoor(node, path));
  return path;
}

const question = { target: '/', base: 'http://lhr.example', client: '192.0.2.1', id: 'a-1', fields: '' };

/** What another worker gets. */
async function ask(path: string, { clock }: World, headers: Record<string, string> = {}) {
  const hello = () => signHop(secret, ownWord('lhr.2'), helloMethod, path, clock.now());
  const caller = openCaller({ path, hello, clock });
  opened.push(caller);
  const fields = Object.entries(headers)
    .map(([name, value]) => `\n${name}\n${value}`)
    .join('');
  return eventually('a connection', () => caller.ask({ ...question, fields }));
}

describe('a worker that is asked over frames', () => {
  test('gives what it has, counts it, and logs it as the request of the client', async () => {
    await using here = await stored({ etag: '"1"', 'x-what': 'else' });
    const one = worker(here);
    const got = await ask(door(one), here, { 'user-agent': 'curl' });
    if (got === null || typeof got === 'string') throw new Error(`no hit but ${got}`);
    expect([got.status, await got.body.text()]).toEqual([200, 'body']);
    expect(got.head).toContain('\nx-what\nelse');
    expect(got.head).toContain('\ncache-status\nlhr;hit;ttl=60;detail=memory');
    expect(one.counts).toMatchObject({ requests: 1, hits: 1 });
    expect(one.lines).toMatchObject([{ client: '192.0.2.1', id: 'a-1', userAgent: 'curl' }]);
  });

  test('gives what is restricted to those alone who may read it, and leaves it to HTTP to say why not', async () => {
    await using here = await stored({ 'meridian-access': 'restricted' });
    const one = worker(here);
    const path = door(one);
    for (const authorization of ['none', 'wrong', 'unknown'])
      expect(await ask(path, here, { authorization })).toBe('otherwise');
    expect([one.counts.requests, one.lines]).toEqual([0, []]);
    expect(await ask(path, here, { authorization: 'good' })).toMatchObject({ status: 200 });
  });

  test('gives nothing that is stale, too long, or that it has no time for', async () => {
    await using here = await stored({});
    const one = worker(here);
    const path = door(one);
    one.counts.pending = 10;
    expect(await ask(path, here)).toBe('otherwise');
    one.counts.pending = 0;
    here.clock.advance(61_000);
    expect(await ask(path, here)).toBe('absent');
    await using long = await stored({}, 'x'.repeat(mostBodyBytes + 1));
    const other = door(worker(long));
    await eventually('it to be kept', async () => (await ask(other, long)) === 'long');
    await using heavy = await stored({ 'x-long': 'x'.repeat(10_000) });
    expect(await ask(door(worker(heavy)), heavy)).toBe('long');
    expect(one.counts.requests).toBe(0);
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
      made.write(textFrame(kinds.hello, 0, word));
      made.write(questionFrame(1, question) ?? '');
      await closed;
      expect(heard).toBe(0);
    }
    expect(one.counts.requests).toBe(0);
  });
});
