/** Whose handshake is under way, as the system tells. */
import { expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import { handshakesAt } from './handshakes.ts';

test.skipIf(process.platform !== 'linux')(
  'a client of whom the first bytes are waited for is told of until they come',
  async () => {
    await using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('here') });
    const port = server.port ?? 0;
    expect([...handshakesAt(port)]).toEqual([]);
    const socket = { data() {} };
    const [client, other] = await Promise.all(
      [1, 2].map(() => Bun.connect({ hostname: '127.0.0.1', port, socket })),
    );
    expect(handshakesAt(port).size).toBe(2);
    client?.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await eventually('one to be left', () => handshakesAt(port).size === 1);
    expect([...handshakesAt(port)][0]).toStartWith(`${other?.localPort} 7f000001`);
    client?.end();
    other?.end();
  },
);
