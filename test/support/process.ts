/**
 * A Meridian command as a process of its own: started as the launcher starts it (the same runtime, flags and
 * environment), but without the launcher in between, so that a signal hits Meridian itself.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBun, runtimeEnv, runtimeFlags } from '../../bin/runtime.mjs';
import { within } from './wait.ts';

const root = join(import.meta.dir, '..', '..');

export interface Running {
  readonly pid: number;
  /** The exit code, or 128 + the signal's number. */
  readonly exited: Promise<number>;
  readonly running: boolean;
  /** Standard output and standard error so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill9(): Promise<void>;
  memory(): Memory;
  /** Lets `peakBytes` start again from what is resident now. */
  resetPeak(): void;
}

/** Resident memory, in bytes, as Linux counts it. */
export interface Memory {
  readonly rssBytes: number;
  readonly peakBytes: number;
}

export interface RunOptions {
  readonly cwd: string;
  /** Standard output and standard error go there. */
  readonly outputPath: string;
  readonly env?: Record<string, string>;
  /** What stands before the command: how to get to where it is to run (`Machine.enter`). */
  readonly enter?: readonly string[];
}

/** What must not outlive the tests, however they end. */
const alive = new Set<number>();
process.once('exit', () => {
  for (const pid of alive) killQuietly(pid);
});

export function startMeridian(
  args: readonly string[],
  { cwd, outputPath, env = {}, enter = [] }: RunOptions,
): Running {
  const output = openSync(outputPath, 'a');
  const child = Bun.spawn(
    [...enter, findBun(), ...runtimeFlags, join(root, 'src', 'cli', 'main.ts'), ...args],
    {
      cwd,
      env: { ...runtimeEnv(), ...env },
      stdin: 'ignore',
      stdout: output,
      stderr: output,
    },
  );
  closeSync(output);
  const { pid } = child;
  alive.add(pid);
  const exited = child.exited.finally(() => alive.delete(pid));
  return {
    pid,
    exited,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    output: () => (existsSync(outputPath) ? readFileSync(outputPath, 'utf8') : ''),
    signal: (signal) => child.kill(signal),
    async kill9() {
      child.kill('SIGKILL');
      await exited;
    },
    memory: () => memoryOf(pid),
    resetPeak: () => resetPeakOf(pid),
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short command to its end: `runMeridian(['check', '--config', file])`. */
export async function runMeridian(
  args: readonly string[],
  options: Pick<RunOptions, 'cwd' | 'enter' | 'env'>,
): Promise<Ran> {
  const { enter = [], env = {} } = options;
  const child = Bun.spawn(
    [...enter, findBun(), ...runtimeFlags, join(root, 'src', 'cli', 'main.ts'), ...args],
    {
      cwd: options.cwd,
      env: { ...runtimeEnv(), ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(30_000, `meridian ${args.join(' ')}`, all);
  return { code, stdout, stderr };
}

/** Where memory is not counted in `/proc`, there is nothing to say about it. */
export const countsMemory = existsSync('/proc/self/clear_refs');

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
  return { rssBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}

export function resetPeakOf(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}
