/**
 * What a node process and the process that started it (`up`, or a node of several workers) say to each other. The config goes to the node's
 * standard input, so that all nodes start from the same one and it appears in no process list; the rest goes
 * over the channel that `Bun.spawn` opens. When the channel breaks, the supervisor is gone.
 */
import type { Network } from '../config/network.ts';
import type { Seat } from '../node/seat.ts';

/** From the node, once. */
export type NodeMessage =
  | { readonly ready: { readonly urls: readonly string[]; readonly control: string } }
  | { readonly failed: string };

/** What a process is told to be. */
export interface Task {
  /** Checked by whoever sends it. */
  readonly network: Network;
  /** For a worker of a node. */
  readonly seat?: Seat | undefined;
}

/** To a worker, at any time: another one has gone, or serves. */
export interface WorkerMessage {
  readonly worker: number;
  readonly isUp: boolean;
}

/** Whether this process is a node that `up` has started, or a worker of one. */
export function isSupervised(): boolean {
  return process.send !== undefined;
}

export async function receiveTask(): Promise<Task> {
  return (await Bun.stdin.json()) as Task;
}

export function onWordOfWorkers(told: (worker: number, isUp: boolean) => void): void {
  process.on('message', (message: unknown) => {
    const word = asWorkerMessage(message);
    if (word) told(word.worker, word.isUp);
  });
}

function asWorkerMessage(message: unknown): WorkerMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return 'worker' in message && 'isUp' in message ? (message as WorkerMessage) : undefined;
}

export function tellSupervisor(message: NodeMessage): void {
  process.send?.(message);
}

export function asNodeMessage(message: unknown): NodeMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return 'ready' in message || 'failed' in message ? (message as NodeMessage) : undefined;
}
