/**
 * A worker's place in its node: which one of how many it is, and what of the node's config is its own. Workers share
 * nothing but the address that clients know: each has its part of memory and disk.
 */
import type { Network, NodeConfig } from '../config/network.ts';

export interface Seat {
  /** 1 and up. */
  readonly worker: number;
  readonly workers: number;
  /** Folder of the sockets at which workers reach each other: its owner's alone. */
  readonly sockets: string;
  /** Which port each of the listeners has got whose port the config leaves open, once the first worker knows. */
  readonly ports: readonly number[];
}

/** The worker's name among all members of the network. No node's name has a dot in it. */
export function workerName(node: string, worker: number): string {
  return `${node}.${worker}`;
}

export function socketOf({ sockets }: Seat, worker: number): string {
  return `${sockets}/${worker}.sock`;
}

/** Where the other workers ask for what this one has in memory. */
export function hitSocketOf({ sockets }: Seat, worker: number): string {
  return `${sockets}/${worker}.hits`;
}

/** The network as this worker of one of its nodes sees it. */
export function forSeat(network: Network, name: string, seat: Seat): Network {
  const node = network.nodes[name];
  if (node === undefined) return network;
  return { ...network, nodes: { ...network.nodes, [name]: partOf(node, seat) } };
}

function partOf(node: NodeConfig, { workers, ports }: Seat): NodeConfig {
  const part = ({ bytes, objectBytes }: NodeConfig['memory']) => {
    const own = Math.floor(bytes / workers);
    return { bytes: own, objectBytes: Math.min(objectBytes, own) };
  };
  const listen = node.listen.map((door, at) => (door.port === 0 ? { ...door, port: ports[at] ?? 0 } : door));
  return { ...node, listen, memory: part(node.memory), disk: node.disk && part(node.disk) };
}
