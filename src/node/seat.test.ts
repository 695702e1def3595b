import { expect, test } from 'bun:test';
import { embedded } from '../config/embedded.ts';
import { parseNetwork } from '../config/network.ts';
import { forSeat, type Seat } from './seat.ts';

const parsed = parseNetwork(embedded, { configDir: '/srv', env: {}, overrides: {} });
if (!parsed.ok) throw new Error('the embedded network is wrong');
const { network } = parsed;
const seat: Seat = { worker: 2, workers: 4, sockets: '/run/x', ports: [4711] };

test('a worker has its part of the memory and the disk of its node, and nothing of others changes', () => {
  const { nodes } = forSeat(network, 'pop-a', seat);
  const { memory, disk } = nodes['pop-a']!;
  const before = network.nodes['pop-a']!;
  expect(memory.bytes).toBe(before.memory.bytes / 4);
  expect(disk).toMatchObject({ bytes: before.disk && before.disk.bytes / 4 });
  expect(nodes['pop-b']).toBe(network.nodes['pop-b']!);
});

test('one entry is never larger than a worker’s part', () => {
  const small = { ...network.nodes['pop-a']!, memory: { bytes: 4000, objectBytes: 4000 } };
  const { nodes } = forSeat({ ...network, nodes: { 'pop-a': small } }, 'pop-a', seat);
  expect(nodes['pop-a']!.memory).toEqual({ bytes: 1000, objectBytes: 1000 });
});

test('a port that was left open is the one that the first worker has got', () => {
  const [listener] = network.nodes['pop-a']!.listen;
  const open = { ...network.nodes['pop-a']!, listen: [{ ...listener!, port: 0 }] };
  const { nodes } = forSeat({ ...network, nodes: { 'pop-a': open } }, 'pop-a', seat);
  expect(nodes['pop-a']!.listen[0]!.port).toBe(4711);
});
