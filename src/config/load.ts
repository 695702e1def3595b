/**
 * Finds the config file and makes a network of it, afresh each time, so that a reload sees what changed.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { embedded } from './embedded.ts';
import type { Evaluated } from './evaluate.ts';
import type { Mistake } from './mistake.ts';
import { type Network, parseNetwork } from './network.ts';
import type { Overrides } from './overrides.ts';
import { pemProblems } from './pem-files.ts';
import { programOf } from './program.ts';
import { keptSecret, knownSecret } from './secret.ts';
import type { Environment } from './variables.ts';

export interface LoadOptions {
  /** Path of the config file (`--config`); otherwise it is looked for in `cwd`. */
  readonly config?: string | undefined;
  /** Absolute path. */
  readonly cwd: string;
  readonly env: Environment;
  readonly overrides: Overrides;
  /** The nodes that run on this machine; all of them unless said. */
  readonly here?: readonly string[] | undefined;
  /** Writes nothing: a secret that is not there yet is made and forgotten. */
  readonly dryRun?: boolean;
}

export type Loaded =
  /** `source`: absolute path of the config file, or `null` for the embedded network. */
  | { readonly ok: true; readonly network: Network; readonly source: string | null }
  | { readonly ok: false; readonly mistakes: readonly Mistake[]; readonly source: string | null };

const fileNames = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `meridian.config.${ending}`);

/** Longest time that a config file may run. */
const timeLimitMs = 10_000;

export async function loadNetwork(options: LoadOptions): Promise<Loaded> {
  const { cwd, env, overrides, here } = options;
  const source = await find(options);
  const evaluated = source === null ? { value: embedded } : await evaluate(source, cwd);
  if ('mistakes' in evaluated) return { ok: false, mistakes: evaluated.mistakes, source };
  const configDir = source === null ? cwd : dirname(source);
  const missingFiles = await pemProblems(evaluated.value, here, configDir);
  const parsed = parseNetwork(evaluated.value, { configDir, env, overrides, here, missingFiles });
  if (!parsed.ok) return { ...parsed, source };
  const { network, secretIsNew } = parsed;
  if (!secretIsNew) return { ok: true, network, source };
  const kept = options.dryRun ? await knownSecret(network.dataDir) : await keptSecret(network.dataDir);
  return { ok: true, network: { ...network, secret: kept ?? network.secret }, source };
}

/** The file that `--config` names, whether it exists or not; or the first that `cwd` has. */
async function find({ config, cwd }: LoadOptions): Promise<string | null> {
  if (config !== undefined) return resolve(cwd, config);
  for (const name of fileNames) {
    if (await Bun.file(join(cwd, name)).exists()) return join(cwd, name);
  }
  return null;
}

async function evaluate(file: string, cwd: string): Promise<Evaluated> {
  const shown = relative(cwd, file).startsWith('..') ? file : relative(cwd, file);
  const fail = (expected: string, found: string) => ({ mistakes: [{ path: shown, expected, found }] });
  if (!(await Bun.file(file).exists())) return fail('a config file', 'none at this place');
  let answer: Evaluated | undefined;
  const { command, env } = programOf('evaluate');
  const child = Bun.spawn([...command, file], {
    cwd: dirname(file),
    env: { ...process.env, ...env },
    // What a config file prints is for people: it must not end up in a command's output.
    stdio: ['ignore', 2, 'inherit'],
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
    serialization: 'json',
    ipc: (message: Evaluated) => {
      if (answer === undefined || 'mistakes' in message) answer = message;
      if ('mistakes' in message) child.kill('SIGKILL');
    },
  });
  const code = await child.exited;
  if (answer === undefined && child.signalCode !== null) {
    return fail(
      `a config file that runs for at most ${timeLimitMs / 1000} s`,
      'one that went on, and was stopped',
    );
  }
  if (answer === undefined)
    return fail('a config file that exports a network', `one that ended the process with code ${code}`);
  if (!('mistakes' in answer)) return answer;
  return {
    mistakes: answer.mistakes.map((mistake) => ({ ...mistake, path: mistake.path.replace(file, shown) })),
  };
}
