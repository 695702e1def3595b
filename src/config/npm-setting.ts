/**
 * The registry that this machine's npm is set to: the upstream of an npm route that names none. Only an
 * origin asks, and once in its life. Credentials that npm may hold for that registry are not taken.
 */
import { fieldValue, httpUrl } from './forms.ts';
import type { Environment } from './variables.ts';

export interface NpmSettingOptions {
  readonly env?: Environment;
  /** Runs `npm config get registry` and gives what it prints. */
  readonly ask?: () => Promise<string>;
}

const remedy =
  'Name the registry in the config: npm({ upstreams: [{ url: … }] }), or in the variable npm_config_registry.';

let known: string | undefined;

/** The registry's URL without a trailing slash. Fails with an `Error` that says what to do. */
export async function npmSetting(options: NpmSettingOptions = {}): Promise<string> {
  const { env = process.env, ask = askNpm } = options;
  if (known !== undefined && options.ask === undefined && options.env === undefined) return known;
  const fromVariable = env.npm_config_registry || env.NPM_CONFIG_REGISTRY;
  const setting = fromVariable
    ? read(fromVariable, 'npm_config_registry')
    : read(await ask(), '`npm config get registry`');
  if (options.ask === undefined && options.env === undefined) known = setting;
  return setting;
}

function read(answer: string, source: string): string {
  const setting = answer.trim();
  if (setting === '' || setting === 'undefined' || setting === 'null') {
    throw new Error(`${source} names no registry. ${remedy}`);
  }
  const url = httpUrl(setting);
  if (url === undefined)
    throw new Error(`${source} is no http or https URL without user name and query. ${remedy}`);
  return url;
}

const timeLimitMs = 20_000;

async function askNpm(): Promise<string> {
  const npm = Bun.which('npm');
  if (npm === null)
    throw new Error(`npm is not installed here, so its registry setting is not known. ${remedy}`);
  const child = Bun.spawn([npm, 'config', 'get', 'registry'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeLimitMs,
  });
  const [answer, complaint, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (code === 0) return answer;
  const reason =
    child.signalCode === null ? `failed with code ${code}` : `did not answer within ${timeLimitMs / 1000} s`;
  const detail = fieldValue(complaint.trim().split('\n').at(-1) ?? '') ?? '';
  throw new Error(`\`npm config get registry\` ${reason}${detail === '' ? '' : ` (${detail})`}. ${remedy}`);
}
