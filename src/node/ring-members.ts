/**
 * The members of a ring that a config speaks of, as one worker reaches them: its own node's at their sockets, those of other
 * nodes at the addresses of these.
 */
import type { Network, NodeConfig, RingConfig } from '../config/network.ts';
import type { Member } from '../ring/membership.ts';
import { type Seat, socketOf, workerName } from './seat.ts';

/** All workers of this node, this one too. */
export function ownMembers({ name, ring }: NodeConfig, seat: Seat | undefined): Member[] {
  const workers = Array.from({ length: seat?.workers ?? 1 }, (_, at) => at + 1);
  return workers.map((worker) => ({
    name: workerName(name, worker),
    address: seat ? `unix:${socketOf(seat, worker)}` : (ring?.address ?? ''),
    capacity: ring?.capacity ?? 1,
  }));
}

/** @param auto how many workers a node is taken to have that has one for each core of its machine: until it says so itself. */
export function otherMembers(network: Network, { name, ring }: NodeConfig, auto: number): Member[] {
  return Object.values(network.nodes).flatMap((node): Member[] => {
    if (ring === undefined || node.name === name || node.ring?.name !== ring.name) return [];
    const { address, capacity } = node.ring;
    const workers = node.workers === 'auto' ? auto : node.workers;
    return Array.from({ length: workers }, (_, at) => ({
      name: workerName(node.name, at + 1),
      address: addressOf({ address }, at + 1),
      capacity,
    }));
  });
}

/** Where the workers of other nodes reach this one. */
export function addressOf({ address }: Pick<RingConfig, 'address'>, worker: number): string {
  const url = new URL(address);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80)) + worker - 1;
  return `${url.protocol}//${url.hostname}:${port}`;
}
