/**
 * Finds the nodes of a network that run on this machine.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import { type ControlClient, controlClient } from './client.ts';
import type { NodeFile, StatusMessage } from './messages.ts';
import { isAlive, readNodeFile } from './node-file.ts';

export type Found =
  | {
      readonly state: 'up';
      readonly file: NodeFile;
      readonly status: StatusMessage;
      readonly control: ControlClient;
    }
  /** It was here once, and does not run or does not answer. */
  | { readonly state: 'down'; readonly reason: string }
  /** It has never run on this machine. */
  | { readonly state: 'elsewhere' };

export async function findNode(network: Network, node: NodeConfig, clock: Clock): Promise<Found> {
  const file = await readNodeFile(node.dataDir);
  if (file === undefined) {
    const wasHere = await stat(node.dataDir).then(
      () => true,
      () => false,
    );
    return wasHere ? { state: 'down', reason: 'does not run' } : { state: 'elsewhere' };
  }
  if (!isAlive(file.pid)) return { state: 'down', reason: `ended without a word (process ${file.pid})` };
  const control = controlClient(file.control, network.secret, clock);
  try {
    const status = await control.status();
    // After a restart of the machine, the process and the port may be somebody else's.
    if (status.name === node.name) return { state: 'up', file, status, control };
    return { state: 'down', reason: `ended without a word: ${file.control} is now ${status.name}` };
  } catch (error) {
    return {
      state: 'down',
      reason: `does not answer at ${file.control} (${error instanceof Error ? error.message : error})`,
    };
  }
}
