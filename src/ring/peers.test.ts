import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { type Clock, systemClock } from '../clock.ts';
import { hopField } from './hop.ts';
import { openPeers, type Peer, type Peers } from './peers.ts';

const folder = temporary('peers');
const servers: { stop(abort: boolean): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true);
});

let sockets = 0;

/** A member at a socket that answers like this. */
function member(answer: (request: Request) => Response | Promise<Response>): string {
  const unix = join(folder.path, `${sockets++}.sock`);
  servers.push(Bun.serve({ unix, fetch: answer }));
  return `unix:${unix}`;
}

const isPing = (request: Request) => request.headers.get(hopField) === 'sign of GET /';

const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };

/** Ten times as fast as the machine's, so that what is late is late soon. */
const fastClock: Clock = {
  ...systemClock,
  elapsed: () => systemClock.elapsed() * 10,
  after: (delayMs, task) => systemClock.after(delayMs / 10, task),
};

const sign = (_: Peer, method: string, target: string) => `sign of ${method} ${target}`;

/** Members `lhr.1`, `lhr.2` and so on. */
function peersAt(addresses: readonly string[], clock: Clock = fastClock): Peers {
  const peers = openPeers({ clock, timeouts: () => timeouts, sign, tls: () => undefined, noted: () => {} });
  peers.keep(addresses.map((address, at) => ({ name: `lhr.${at + 1}`, address })));
  return peers;
}

function ask(peers: Peers, peer: string, signal = new AbortController().signal) {
  return peers.ask(peer, { method: 'GET', target: '/a?b', headers: new Headers({ x: 'y' }), signal });
}

describe('a member of a ring', () => {
  test('is asked at its socket, or over the network', async () => {
    const echo = (request: Request) =>
      new Response(
        `${request.method} ${request.url.slice(request.url.indexOf('/', 8))} ${request.headers.get('x')}`,
      );
    const far = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: echo });
    servers.push(far);
    const peers = peersAt([member(echo), `http://127.0.0.1:${far.port}`]);
    for (const peer of ['lhr.1', 'lhr.2']) {
      const { status, body } = await ask(peers, peer);
      expect([status, await new Response(body).text()]).toEqual([200, 'GET /a?b y']);
    }
  });

  test('that cannot be reached is passed over for a moment', async () => {
    const peers = peersAt([`unix:${join(folder.path, 'nobody.sock')}`]);
    expect(peers.isUp('lhr.1')).toBe(true);
    await expect(ask(peers, 'lhr.1')).rejects.toThrow('socket does not exist');
    expect(peers.isUp('lhr.1')).toBe(false);
    await eventually('its turn to come again', () => peers.isUp('lhr.1'));
  });

  test('is asked again when more come at once than its socket has room for', async () => {
    const peers = peersAt([member(() => new Response('here'))], systemClock);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(peers, 'lhr.1')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1_000);
    expect(peers.isUp('lhr.1')).toBe(true);
  });

  test('is passed over while its supervisor says that it is gone', () => {
    const peers = peersAt(['unix:/nowhere', 'unix:/nowhere']);
    peers.told('lhr.2', false);
    expect([peers.isUp('lhr.1'), peers.isUp('lhr.2')]).toEqual([true, false]);
    peers.told('lhr.2', true);
    expect(peers.isUp('lhr.2')).toBe(true);
  });

  test('that is late is waited for as long as it gives signs of life', async () => {
    let pings = 0;
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const address = member(async (request) => {
      if (isPing(request)) {
        if (++pings === 3) tell();
        return new Response(null, { status: 204 });
      }
      await told;
      return new Response('at last');
    });
    const answer = await ask(peersAt([address]), 'lhr.1');
    expect(await new Response(answer.body).text()).toBe('at last');
    expect(pings).toBeGreaterThanOrEqual(3);
  });

  test('that gives none twice is given up, once for all who wait for it', async () => {
    let pings = 0;
    const address = member((request) => {
      if (isPing(request)) pings++;
      return new Promise<Response>(() => {});
    });
    const peers = peersAt([address]);
    const asked = await Promise.allSettled([ask(peers, 'lhr.1'), ask(peers, 'lhr.1'), ask(peers, 'lhr.1')]);
    for (const outcome of asked)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'upstream-timeout' } });
    expect(pings).toBe(2);
    expect(peers.isUp('lhr.1')).toBe(false);
  });

  test('that gives none, and answers somebody else, is too busy to give one: it lives', async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    let asked = 0;
    const address = member(async (request) => {
      if (isPing(request)) {
        tell();
        return new Promise<Response>(() => {});
      }
      // The first waits until the other one, who was asked later, has its answer; and some more.
      if (++asked > 1) return new Response('at once');
      await told;
      await ask(peers, 'lhr.1');
      await Bun.sleep(600);
      return new Response('at last');
    });
    const peers: Peers = peersAt([address]);
    const { body } = await ask(peers, 'lhr.1');
    expect(await new Response(body).text()).toBe('at last');
    expect(peers.isUp('lhr.1')).toBe(true);
  });

  test('whose machine makes no connection is given up long before one that is busy', async () => {
    // Of a block that is set aside for documentation: nobody answers, or the system knows no way there.
    const peers = peersAt(['http://192.0.2.1:9']);
    const startedMs = fastClock.elapsed();
    expect(await peers.check('lhr.1')).toBe('silent');
    expect(fastClock.elapsed() - startedMs).toBeLessThan(5_000);
  });

  test('is found alive when it owes more answers than there are connections to it', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let arrived = 0;
    const address = member(async (request) => {
      if (isPing(request)) return new Response(null, { status: 204 });
      arrived++;
      await released;
      return new Response('at last');
    });
    const peers = peersAt([address], systemClock);
    const asked = Array.from({ length: 2_200 }, () => ask(peers, 'lhr.1'));
    await eventually('all connections to be taken', () => arrived >= 2_048);
    expect(await peers.check('lhr.1')).toBe('lives');
    release();
    const answers = await Promise.all(asked);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  }, 20_000);

  test('that a check does not find twice is passed over until one does', async () => {
    const address = `unix:${join(folder.path, 'back.sock')}`;
    const peers = peersAt([address]);
    expect(await peers.check('lhr.1')).toBe('silent');
    expect(peers.isUp('lhr.1')).toBe(true);
    await peers.check('lhr.1');
    expect(peers.isUp('lhr.1')).toBe(false);
    servers.push(
      Bun.serve({ unix: address.slice('unix:'.length), fetch: () => new Response(null, { status: 204 }) }),
    );
    expect(await peers.check('lhr.1')).toBe('lives');
    expect(peers.isUp('lhr.1')).toBe(true);
  });

  test('that leaves is passed over, and answers what it was asked', async () => {
    let isLeaving = true;
    const { promise: checked, resolve: check } = Promise.withResolvers<void>();
    const address = member(async (request) => {
      if (isPing(request)) return new Response(null, { status: isLeaving ? 503 : 204 });
      await checked;
      return new Response('still');
    });
    const peers = peersAt([address]);
    const asked = ask(peers, 'lhr.1');
    await eventually('it to be passed over', () => !peers.isUp('lhr.1'));
    check();
    expect(await new Response((await asked).body).text()).toBe('still');
    isLeaving = false;
    await peers.check('lhr.1');
    expect(peers.isUp('lhr.1')).toBe(true);
  });

  test('that is no member any more is not asked', async () => {
    const peers = peersAt([member(() => new Response('here'))]);
    peers.keep([]);
    expect(peers.isUp('lhr.1')).toBe(false);
    await expect(ask(peers, 'lhr.1')).rejects.toMatchObject({ code: 'upstream-unreachable' });
  });

  test('is not to blame when the client leaves', async () => {
    const address = member(() => new Promise<Response>(() => {}));
    const peers = peersAt([address]);
    const client = new AbortController();
    const asked = ask(peers, 'lhr.1', client.signal);
    client.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(peers.isUp('lhr.1')).toBe(true);
  });
});
