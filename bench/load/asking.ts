/** Runs the benchmark's own load generator (`sink.ts`) against a server, and watches both while it does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuWindow, startCpu } from '../cpu.ts';
import type { Cores } from '../machine.ts';
import type { Running } from '../peers/peer.ts';
import { pinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import type { Upstream } from '../upstream.ts';
import type { SinkOptions, SinkReport } from './sink.ts';

export interface Asked extends SinkReport {
  /** Of the server, its load, and others; from the start of the generator to its end. */
  readonly cpu: CpuWindow;
  readonly requestsPerSecond: number;
}

export interface Asking {
  readonly scratch: Scratch;
  readonly cores: Cores;
  readonly upstream: Upstream;
}

/** A list of paths in a file, as the generator wants it. */
export function listOf(scratch: Scratch, paths: readonly string[]): string {
  const file = join(scratch.directory('paths'), 'paths.txt');
  writeFileSync(file, `${paths.join('\n')}\n`);
  return file;
}

/** Throws when an answer was wrong: a figure that counts failures as answers says nothing. */
export async function askFor(
  { cores, upstream }: Asking,
  running: Running,
  list: string,
  options: SinkOptions,
): Promise<Asked> {
  const base = running.on['http/1.1'];
  if (typeof base !== 'string') throw new Error(base.because);
  const child = Bun.spawn(
    pinned(cores.load, [
      ...[process.execPath, join(import.meta.dirname, 'sink.ts'), new URL(base).port, list],
      JSON.stringify(options),
    ]),
    { stdout: 'pipe', stderr: 'inherit' },
  );
  const load = [child.pid, upstream.pid, ...(running.beside ?? [])];
  const stop = startCpu({ server: running.pids, load }, cores);
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error('the load generator gave up');
  const report = JSON.parse(output) as SinkReport;
  const cpu = stop(report.ownMicros);
  const [failure] = Object.entries(report.failures);
  if (failure) throw new Error(`${failure[1]} times ${failure[0]}, beside ${report.answers} right answers`);
  if (report.answers === 0) throw new Error('no answer at all');
  return { ...report, cpu, requestsPerSecond: report.answers / report.seconds };
}

/** Seconds of processor time that the server took. */
export function cpuSeconds({ cpu }: Asked): number {
  return cpu.serverBusy * cpu.seconds;
}
