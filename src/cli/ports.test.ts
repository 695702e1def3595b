/** What is in the way of nodes that are to listen on this machine. */
import { expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { freePort } from '../../test/support/ports.ts';
import { type Network, parseNetwork } from '../config/network.ts';
import { listenProblems } from './ports.ts';

/** Nobody else's. */
const host = '127.9.8.7';

/** Two PoPs of one ring on this machine, whose ports of the ring are so far apart. */
async function twoOfOneRing(apart: number, change: object = {}): Promise<{ network: Network; port: number }> {
  const port = await freePort();
  const pop = async (at: number) => ({
    ...{ role: 'pop', listen: [{ port: await freePort() }], parents: ['origin'], ...change },
    ring: { name: 'lhr', host, port: port + at },
  });
  const nodes = {
    origin: { role: 'origin', listen: [{ port: await freePort() }] },
    a: await pop(0),
    b: await pop(apart),
  };
  const input = { nodes, routes: [{ protocol: 'npm' }] };
  const parsed = parseNetwork(input, { configDir: '/srv', env: {}, overrides: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return { network: parsed.network, port };
}

test('two nodes of a ring need a port for each worker that the machine gives them', async () => {
  const { network, port } = await twoOfOneRing(2);
  expect(await listenProblems(network, ['a', 'b'], 4)).toEqual([
    expect.stringContaining(`Port ${port + 2} is that of two workers`),
    expect.stringContaining(`Port ${port + 3} is that of two workers`),
  ]);
  expect(await listenProblems(network, ['a', 'b'], 1)).toEqual([]);
  expect(await listenProblems(network, ['b'], 1)).toEqual([]);
});

test('a port of the ring that is in use is in the way, of whichever worker it is', async () => {
  const { network, port } = await twoOfOneRing(20);
  const server = createServer().listen(port + 1, host);
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await listenProblems(network, ['a'], 1)).toEqual([]);
    expect(await listenProblems(network, ['a'], 2)).toEqual([
      expect.stringContaining(`Port ${port + 1} of a (${host}) is in use.`),
    ]);
  } finally {
    server.close();
  }
});
