/**
 * Who used which core for how long, from `/proc` (proc(5)). On a machine that others use too, processor time
 * per request tells more than requests per second: waiting for a turn on the core costs the one, not the other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Cores } from './machine.ts';

/** Linux reports all processor times to programs in units of 10 ms, whatever its own tick is. */
const TICK_MICROS = 10_000;

/** Above this share of a core in other hands, a measurement is called disturbed. */
export const FOREIGN_LIMIT = 0.05;

export interface CpuWindow {
  readonly seconds: number;
  /** Shares of one core, 0 to 1. */
  readonly serverBusy: number;
  readonly loadBusy: number;
  /** What others took of the busier-with-others one of the two cores. */
  readonly foreign: number;
}

/** Watches the server and the load generator from `fromMs` to `toMs` after now. Both roots with all that they started. */
export async function watchCpu(
  server: number,
  load: number,
  cores: Cores,
  fromMs: number,
  toMs: number,
): Promise<CpuWindow> {
  const serverTree = processTree(server);
  await Bun.sleep(fromMs);
  const before = read(serverTree, load, cores);
  await Bun.sleep(toMs - fromMs);
  const after = read(serverTree, load, cores);

  const micros = (after.atMs - before.atMs) * 1000;
  const share = (key: 'server' | 'load' | 'serverCore' | 'loadCore') => (after[key] - before[key]) / micros;
  return {
    seconds: micros / 1e6,
    serverBusy: share('server'),
    loadBusy: share('load'),
    foreign: Math.max(0, share('serverCore') - share('server'), share('loadCore') - share('load')),
  };
}

function read(server: readonly number[], load: number, cores: Cores) {
  const system = readFileSync('/proc/stat', 'utf8');
  return {
    atMs: performance.now(),
    server: server.reduce((sum, pid) => sum + processMicros(pid), 0),
    load: processMicros(load),
    serverCore: coreMicros(system, cores.server),
    loadCore: coreMicros(system, cores.load),
  };
}

/** User and system time of all threads. 0 for a process that has ended. */
function processMicros(pid: number): number {
  const fields = statFields(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) * TICK_MICROS : 0;
}

/** Everything but idle and waiting for disk. What the hypervisor took away (steal) counts as used by others. */
function coreMicros(system: string, core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(system)?.[1] ?? '';
  const [user = 0, nice = 0, kernel = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return (user + nice + kernel + irq + softirq + steal) * TICK_MICROS;
}

/** A process and all that it started, directly or not. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? Number(statFields(pid)?.[1]) : Number.NaN;
    if (parent) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** The fields after the program's name, which may itself hold blanks and brackets: state, parent, … */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // It ended since it was listed.
  }
}
