/**
 * Starting and stopping the programs of a run: pinned to a core, with their output in a file (a pipe that
 * nobody empties would stop them), and stopped with everything that they started themselves.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { processTree } from './cpu.ts';
import type { CoreSet } from './machine.ts';
import { searchPath } from './packages.ts';

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 3_000;
const POLL_MS = 50;

export interface Child {
  readonly pid: number;
  /** Resolves when `probe` does not throw any more. Throws with the program's last words if it ends instead. */
  until(probe: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** A long-running program on these cores. `directory` is its working directory and keeps its output. */
export function startPinned(core: CoreSet, directory: string, command: readonly string[]): Child {
  const [program = ''] = command;
  const outputPath = join(directory, 'output.txt');
  const output = openSync(outputPath, 'a');
  const child = Bun.spawn(pinned(core, command), {
    cwd: directory,
    env: { ...process.env, PATH: searchPath },
    stdin: 'ignore',
    stdout: output,
    stderr: output,
  });
  closeSync(output);

  return {
    pid: child.pid,
    async until(probe) {
      const deadline = performance.now() + READY_TIMEOUT_MS;
      for (;;) {
        const refusal = await probe().then(
          () => undefined,
          (cause: unknown) => cause ?? 'no reason given',
        );
        if (refusal === undefined) return;
        if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
          throw new Error(`${program} is not ready. ${lastWords(outputPath)}`, { cause: refusal });
        }
        await Bun.sleep(POLL_MS);
      }
    },
    async stop() {
      const tree = processTree(child.pid);
      child.kill('SIGTERM');
      const stopped = await Promise.race([child.exited.then(() => true), Bun.sleep(STOP_TIMEOUT_MS)]);
      if (!stopped) child.kill('SIGKILL');
      for (const pid of tree) endQuietly(pid);
    },
  };
}

export function pinned(core: CoreSet, command: readonly string[]): string[] {
  return ['taskset', '--cpu-list', [core].flat().join(','), ...command];
}

/** Runs a short program to its end and gives what it wrote, standard error after standard output. */
export async function capture(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, {
    env: { ...process.env, PATH: searchPath },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${err || out}`);
  return out + err;
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(address)));
  });
  return promise;
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It had already ended, as it should.
  }
}

function lastWords(outputPath: string): string {
  const lines = readFileSync(outputPath, 'utf8').trimEnd().split('\n');
  return `Its last words:\n${lines.slice(-15).join('\n')}`;
}
