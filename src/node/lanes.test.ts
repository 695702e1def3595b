import { afterEach, expect, test } from 'bun:test';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { keepLanes } from './lanes.ts';

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A parent over HTTP/1.1, and the connections by which it was asked. */
async function parent() {
  const by: Socket[] = [];
  const server = createServer((request, response) => {
    by.push(request.socket);
    response.writeHead(204).end();
  });
  // As patient as a node.
  server.keepAliveTimeout = 60_000;
  ending.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { by, url: `http://127.0.0.1:${port}` };
}

function keep(url: string, http2: boolean) {
  const clock = virtualClock();
  const tls = { current: undefined, close() {} };
  const checker = { node: 'pop', secret: 'secret', clock, tls, timeoutMs: 1_000 };
  const kept = keepLanes([{ name: 'shield', url, http2 }], checker, { clock, foresees: false });
  ending.push(kept.close);
  return { clock, kept };
}

test('a connection for what goes over HTTP/1.1 is there before it is needed, and stays', async () => {
  const { by, url } = await parent();
  const { clock, kept } = keep(url, true);
  await eventually('the first use of it', () => by.length === 1);
  // Its answer has to be read before it can be used again.
  await Bun.sleep(20);
  clock.advance(15_000);
  await eventually('the next use of it', () => by.length === 2);
  expect(by[1]?.remotePort).toBe(by[0]!.remotePort!);
  kept.close();
  clock.advance(60_000);
  await Bun.sleep(20);
  expect(by).toHaveLength(2);
});

test('where everything goes over HTTP/1.1, its checks keep it open', async () => {
  const { by, url } = await parent();
  const { clock } = keep(url, false);
  clock.advance(60_000);
  await Bun.sleep(20);
  expect(by).toHaveLength(0);
});
