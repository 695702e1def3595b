/** What the suite and the processes of its nodes say to each other. */
import type { BusSettings } from '../../src/bus/open.ts';

/** What the suite says. */
export type Order =
  | { readonly say: 'open'; readonly nodes: readonly { readonly name: string; readonly bus: BusSettings }[] }
  /** Counts from now on. */
  | { readonly say: 'expect'; readonly purges: number }
  | { readonly say: 'close' };

/** What it is told. Times compare between the processes of a machine. */
export type Told =
  | { readonly tell: 'opened' | 'expecting' | 'closed' }
  | { readonly tell: 'applied'; readonly atMs: number };

/** Milliseconds since the epoch, as exact as `performance.now()`. */
export const absoluteMs = () => performance.timeOrigin + performance.now();
