/**
 * The machine that a run comes from: figures mean nothing without it, so it stands beside them.
 */
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly distribution: string;
  /** Runnable processes over the last minute when the run began: above 0.5 the machine was not idle. */
  readonly loadAtStart: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    distribution: distribution(),
    loadAtStart: loadavg()[0] ?? 0,
  };
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown'; // Not every system has this file, and no figure depends on it.
  }
}

/** What a process is given: one core, or any of several. */
export type CoreSet = number | readonly number[];

/** One core for the server under test, another for whoever asks it. Or the same ones for both. */
export interface Cores {
  readonly server: CoreSet;
  readonly load: CoreSet;
}

/** The first two cores that this process may use. A container may not be given 0 and 1. */
export function cores(): { readonly server: number; readonly load: number } {
  const allowed = allowedCores(readFileSync('/proc/self/status', 'utf8'));
  const [server, load] = allowed;
  if (server === undefined || load === undefined) {
    throw new Error('The benchmark needs two cores: one for the server, one for the load generator.');
  }
  return { server, load };
}

/** Both of them for all: server and load generator share them as the system sees fit. */
export function sharedCores({ server, load }: Cores): Cores {
  const both = [server, load].flat();
  return { server: both, load: both };
}

/** `Cpus_allowed_list:	0-1,4` → 0, 1, 4. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
  });
}
