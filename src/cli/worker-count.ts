/**
 * How many workers a node has on this machine.
 */
import { availableParallelism } from 'node:os';
import type { NodeConfig } from '../config/network.ts';

/** `auto`: one for each core that this process may use. */
export function workersOf(node: NodeConfig | undefined): number {
  if (node === undefined) return 1;
  return node.workers === 'auto' ? availableParallelism() : node.workers;
}
