import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { type Clock, systemClock } from '../clock.ts';
import { hopField } from './hop.ts';
import { openPeers, type Peers, signOfLife } from './peers.ts';

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

const isPing = (request: Request) => request.headers.get(hopField) === signOfLife;

const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };

/** Ten times as fast as the machine's, so that what is late is late soon. */
const fastClock: Clock = {
  ...systemClock,
  elapsed: () => systemClock.elapsed() * 10,
  after: (delayMs, task) => systemClock.after(delayMs / 10, task),
};

function peersAt(...addresses: string[]): Peers {
  const peers = addresses.map((address, at) => ({ name: `lhr.${at + 1}`, address }));
  return openPeers({ peers, clock: fastClock, timeouts: () => timeouts });
}

function ask(peers: Peers, peer: number, signal = new AbortController().signal) {
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
    const peers = peersAt(member(echo), `http://127.0.0.1:${far.port}`);
    for (const peer of [0, 1]) {
      const { status, body } = await ask(peers, peer);
      expect([status, await new Response(body).text()]).toEqual([200, 'GET /a?b y']);
    }
  });

  test('that cannot be reached is passed over for a moment', async () => {
    const peers = peersAt(`unix:${join(folder.path, 'nobody.sock')}`);
    expect(peers.isUp(0)).toBe(true);
    await expect(ask(peers, 0)).rejects.toThrow('socket does not exist');
    expect(peers.isUp(0)).toBe(false);
    await eventually('its turn to come again', () => peers.isUp(0));
  });

  test('is asked again when more come at once than its socket has room for', async () => {
    const peers = openPeers({
      peers: [{ name: 'lhr.1', address: member(() => new Response('here')) }],
      clock: systemClock,
      timeouts: () => timeouts,
    });
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(peers, 0)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1_000);
    expect(peers.isUp(0)).toBe(true);
  });

  test('is passed over while its supervisor says that it is gone', () => {
    const peers = peersAt('unix:/nowhere', 'unix:/nowhere');
    peers.told(1, false);
    expect([peers.isUp(0), peers.isUp(1)]).toEqual([true, false]);
    peers.told(1, true);
    expect(peers.isUp(1)).toBe(true);
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
    const answer = await ask(peersAt(address), 0);
    expect(await new Response(answer.body).text()).toBe('at last');
    expect(pings).toBeGreaterThanOrEqual(3);
  });

  test('that gives none is given up, once for all who wait for it', async () => {
    let pings = 0;
    const address = member((request) => {
      if (isPing(request)) pings++;
      return new Promise<Response>(() => {});
    });
    const peers = peersAt(address);
    const asked = await Promise.allSettled([ask(peers, 0), ask(peers, 0), ask(peers, 0)]);
    for (const outcome of asked)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'upstream-timeout' } });
    expect(pings).toBe(1);
    expect(peers.isUp(0)).toBe(false);
  });

  test('is not to blame when the client leaves', async () => {
    const address = member(() => new Promise<Response>(() => {}));
    const peers = peersAt(address);
    const client = new AbortController();
    const asked = ask(peers, 0, client.signal);
    client.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(peers.isUp(0)).toBe(true);
  });
});
