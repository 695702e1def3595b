/**
 * Who used which core for how long, from `/proc` (proc(5)). On a machine that others use too, processor time
 * per request tells more than requests per second: waiting for a turn on the core costs the one, not the other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { CoreSet, Cores } from './machine.ts';

/** Linux reports all processor times to programs in units of 10 ms, whatever its own tick is. */
const TICK_MICROS = 10_000;

/** Above this share of a core in other hands, a measurement is called disturbed. */
export const FOREIGN_LIMIT = 0.05;

export interface CpuWindow {
  readonly seconds: number;
  /** Shares of one core: 0 to 1, or more where there are several. */
  readonly serverBusy: number;
  readonly loadBusy: number;
  /** What others took of the busier-with-others one of the two cores, or of both together where both sides share them. */
  readonly foreign: number;
}

/** The figures of a row that tell what its requests cost, and whether they can be believed. */
export function costOf({ serverBusy, loadBusy, foreign }: CpuWindow, requestsPerSecond: number) {
  return { cpuMicros: (serverBusy * 1e6) / requestsPerSecond, serverBusy, loadBusy, foreign };
}

/** Two sides of a measurement, each with all that its processes started. */
export interface Sides {
  readonly server: readonly number[];
  /** The load generator, and what else works on its core for the sake of the measurement. */
  readonly load: readonly number[];
}

/** Watches both sides from `fromMs` to `toMs` after now. */
export async function watchCpu(sides: Sides, cores: Cores, fromMs: number, toMs: number): Promise<CpuWindow> {
  await Bun.sleep(fromMs);
  const stop = startCpu(sides, cores);
  await Bun.sleep(toMs - fromMs);
  return stop();
}

/**
 * Watches from now until what is returned is called.
 * @returns takes the processor time, in microseconds, of a process on the load generator's core that came and went.
 */
export function startCpu(sides: Sides, cores: Cores): (ofGoneMicros?: number) => CpuWindow {
  const trees = { server: sides.server.flatMap(processTree), load: sides.load.flatMap(processTree) };
  const before = read(trees, cores);
  return (ofGoneMicros = 0) => {
    const after = read(trees, cores);
    return windowBetween(before, { ...after, load: after.load + ofGoneMicros });
  };
}

/** A process that takes less than this share of a core for `REST_MS` is at rest. */
const REST_SHARE = 0.1;
const REST_MS = 200;
const UNTIL_REST_MS = 10_000;

/**
 * Waits until these processes, and all that they started, have done what they put off, so that it neither goes
 * uncounted nor disturbs the next one's measurement.
 * @returns the processor time that they took for it, microseconds.
 */
export async function microsUntilRest(roots: readonly number[]): Promise<number> {
  const pids = roots.flatMap(processTree);
  const micros = () => pids.reduce((sum, pid) => sum + processMicros(pid), 0);
  const first = micros();
  const deadline = performance.now() + UNTIL_REST_MS;
  for (let last = first; ; ) {
    await Bun.sleep(REST_MS);
    const now = micros();
    if (now - last < REST_MS * 1000 * REST_SHARE || performance.now() > deadline) return now - first;
    last = now;
  }
}

function windowBetween(before: Reading, after: Reading): CpuWindow {
  const micros = (after.atMs - before.atMs) * 1000;
  const share = (key: 'server' | 'load' | 'serverCore' | 'loadCore') => (after[key] - before[key]) / micros;
  const foreign = after.isShared
    ? [share('serverCore') - share('server') - share('load')]
    : [share('serverCore') - share('server'), share('loadCore') - share('load')];
  return {
    seconds: micros / 1e6,
    serverBusy: share('server'),
    loadBusy: share('load'),
    foreign: Math.max(0, ...foreign),
  };
}

type Reading = ReturnType<typeof read>;

function read({ server, load }: Sides, cores: Cores) {
  const microsOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + processMicros(pid), 0);
  const system = readFileSync('/proc/stat', 'utf8');
  return {
    atMs: performance.now(),
    server: microsOf(server),
    load: microsOf(load),
    serverCore: coreMicros(system, cores.server),
    loadCore: coreMicros(system, cores.load),
    isShared: String(cores.server) === String(cores.load),
  };
}

/** User and system time of all threads. 0 for a process that has ended. */
function processMicros(pid: number): number {
  const fields = statFields(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) * TICK_MICROS : 0;
}

/** Everything but idle and waiting for disk. What the hypervisor took away (steal) counts as used by others. */
function coreMicros(system: string, cores: CoreSet): number {
  return [cores].flat().reduce((sum, core) => sum + microsOfCore(system, core), 0);
}

function microsOfCore(system: string, core: number): number {
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
