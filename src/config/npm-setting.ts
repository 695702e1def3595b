/**
 * The registry that this machine's npm is set to: the upstream of an npm route that names none. Only an
 * origin asks, and once in its life. Credentials that npm may hold for that registry are not taken.
 */
import { httpUrl } from './forms.ts';
import { ask as askProgram } from './machine/ask.ts';
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

async function askNpm(): Promise<string> {
  const said = await askProgram('npm', 'config', 'get', 'registry').catch((error: Error) => {
    throw new Error(`${error.message}. ${remedy}`);
  });
  if (said === null)
    throw new Error(`npm is not installed here, so its registry setting is not known. ${remedy}`);
  if (said.code === 0) return said.text;
  throw new Error(`\`npm config get registry\` failed with code ${said.code}${said.complaint}. ${remedy}`);
}
