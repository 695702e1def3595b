/**
 * What a node process and the `up` process that started it say to each other. The config goes to the node's
 * standard input, so that all nodes start from the same one and it appears in no process list; the rest goes
 * over the channel that `Bun.spawn` opens. When the channel breaks, the supervisor is gone.
 */
import type { Network } from '../config/network.ts';

/** From the node, once. */
export type NodeMessage =
  | { readonly ready: { readonly urls: readonly string[]; readonly control: string } }
  | { readonly failed: string };

/** Whether this process is a node that `up` has started. */
export function isSupervised(): boolean {
  return process.send !== undefined;
}

/** The network from `up`, which has checked it. */
export async function receiveNetwork(): Promise<Network> {
  return (await Bun.stdin.json()) as Network;
}

export function tellSupervisor(message: NodeMessage): void {
  process.send?.(message);
}

export function asNodeMessage(message: unknown): NodeMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return 'ready' in message || 'failed' in message ? (message as NodeMessage) : undefined;
}
