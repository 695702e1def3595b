/**
 * A load generator: asks one server for one object, over and over, from a fixed number of connections, each of
 * which asks again as soon as it has its answer (a closed loop), and says how many answers came and how fast.
 */
import type { CoreSet } from '../machine.ts';
import type { Command } from '../packages.ts';

export interface Target {
  readonly url: string;
  readonly connections: number;
  /** Requests in flight on each connection; more than 1 with HTTP/2 only. */
  readonly streams: number;
  readonly seconds: number;
  /** Fields of each request. wrk only. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  /** 0 where there was no answer at all, be it that the generator itself never had its turn. */
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export interface LoadGenerator {
  readonly command: Command;
  version(): Promise<string>;
  /** Asks without measuring, so that what is measured next finds a server that is warm. */
  warmUp(target: Target, core: CoreSet): Promise<void>;
  /**
   * Throws when an answer was wrong: a figure that counts failures as answers says nothing. Calls `measuring`
   * with the process that asks and the time, in milliseconds from now, in which it does so at full rate.
   */
  measure(target: Target, core: CoreSet, measuring: Measuring): Promise<LoadResult>;
}

export type Measuring = (pid: number, fromMs: number, toMs: number) => void;
