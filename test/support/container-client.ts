/** Clients of registries for containers (skopeo, podman, buildah), run with a home of their own and nobody else's settings. */
import { join } from 'node:path';
import { within } from './wait.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly stdout: string;
}

/** Runs it to its end, whatever that is. @param home its settings and credentials. */
export async function runTool(command: readonly string[], home: string, withinMs = 60_000): Promise<Ran> {
  const child = Bun.spawn([...command], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      XDG_RUNTIME_DIR: home,
      REGISTRY_AUTH_FILE: join(home, 'auth.json'),
      LANG: 'C.UTF-8',
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(withinMs, command.join(' '), all).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { code, stdout, output: stdout + stderr };
}

/** The same, for what has to work: fails with what the client said. */
export async function toolSucceeds(command: readonly string[], home: string): Promise<Ran> {
  const ran = await runTool(command, home);
  if (ran.code === 0) return ran;
  throw new Error(`${command.join(' ')} ended with ${ran.code}:\n${ran.output.slice(-4000)}`);
}
