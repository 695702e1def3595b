/** Runs a program to its end; fails with what it said where it fails. */
import { within } from '../support/wait.ts';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RanOptions {
  readonly cwd?: string;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function ran(command: readonly string[], { cwd, env = {} }: RanOptions = {}): Promise<Ran> {
  const child = Bun.spawn([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(120_000, command.join(' '), all);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return { stdout, stderr };
}
