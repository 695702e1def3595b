/**
 * How many workers a node has on this machine.
 */
import { availableParallelism } from 'node:os';
import type { NodeConfig } from '../config/network.ts';
import { mostWorkers } from '../config/schema.ts';

/**
 * `auto`: one for each core that this process may use. A CPU set and the whole cores of a cgroup's quota count as the machine's
 * (the runtime reads both), so a container that has one core has one process.
 */
export function workersOf(
  node: Pick<NodeConfig, 'workers'> | undefined,
  cores = availableParallelism(),
): number {
  if (node === undefined) return 1;
  return node.workers === 'auto' ? Math.max(1, Math.min(cores, mostWorkers)) : node.workers;
}
