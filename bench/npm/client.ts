/** `npm ci`, as a machine does that has never installed anything: no cache, nothing configured, on the load generator's core. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CoreSet } from '../machine.ts';
import { pinned } from '../process.ts';

/** More than 300 packages, with npm's lock file and its hashes, but without addresses: npm asks for each document. */
const PROJECT = resolve(import.meta.dirname, '../../test/clients/fixtures/large');
const LONGEST_MS = 180_000;

export interface Install {
  readonly seconds: number;
  /** User and system time of npm, microseconds. */
  readonly cpuMicros: number;
}

/** Installs into this folder, which is emptied afterwards. Throws with npm's last words unless it succeeds. */
export async function install(registry: string, folder: string, core: CoreSet): Promise<Install> {
  const [home, project] = [join(folder, 'home'), join(folder, 'project')];
  cpSync(PROJECT, project, { recursive: true });
  mkdirSync(home);
  const started = performance.now();
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-progress', '--no-update-notifier'];
  const child = Bun.spawn(pinned(core, ['npm', 'ci', '--registry', `${registry}/`, ...flags]), {
    cwd: project,
    // Nothing of the machine's own settings.
    env: { PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' },
    ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', timeout: LONGEST_MS },
  });
  const [code, said] = await Promise.all([child.exited, child.stderr.text()]);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`npm ci ended with ${code}: ${said.trim().slice(-500)}`);
  const installed = readdirSync(join(project, 'node_modules')).length;
  for (const each of [home, project]) rmSync(each, { recursive: true, force: true });
  if (installed < 200) throw new Error(`npm ci has installed ${installed} folders`);
  const used = child.resourceUsage()?.cpuTime;
  return { seconds, cpuMicros: Number(used?.total ?? 0) };
}
