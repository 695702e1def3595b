/**
 * The options that every command about a network has, and what they and the environment say together: which
 * config, and what differs from it on this machine.
 */
import { resolve } from 'node:path';
import type { InferredOptionTypes, Options } from 'yargs';
import type { LoadOptions } from '../config/load.ts';
import { type LogLevel, logLevels } from '../telemetry/log.ts';
import { UsageError } from './exit.ts';

export const networkOptions = {
  config: {
    type: 'string',
    requiresArg: true,
    normalize: true,
    describe:
      'Config file; otherwise meridian.config.ts (.js, .mjs, .json) here, otherwise the embedded network',
  },
  data: { type: 'string', requiresArg: true, describe: 'Data folder of the network [MERIDIAN_DATA]' },
  host: { type: 'string', requiresArg: true, describe: 'Address for every listener [MERIDIAN_HOST]' },
  port: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Port of a node, as in pop-a=8080; may be repeated [MERIDIAN_PORT_POP_A]',
  },
  'port-base': {
    type: 'number',
    requiresArg: true,
    describe: 'Shifts all ports so that the lowest is this one',
  },
} as const satisfies Record<string, Options>;

export const logOptions = {
  'log-level': {
    type: 'string',
    requiresArg: true,
    choices: logLevels,
    describe: 'Least level of log lines (default: info) [MERIDIAN_LOG_LEVEL]',
  },
  'log-format': {
    type: 'string',
    requiresArg: true,
    choices: ['human', 'json'],
    describe: 'How log lines are written (default: human on a terminal, else json)',
  },
} as const satisfies Record<string, Options>;

export const jsonOption = { json: { type: 'boolean', describe: 'Prints JSON' } } as const satisfies Record<
  string,
  Options
>;

export type NetworkValues = InferredOptionTypes<typeof networkOptions>;
export type LogValues = InferredOptionTypes<typeof logOptions>;

type Environment = Readonly<Record<string, string | undefined>>;

/** What to load. Fails with a `UsageError`. */
export function loadOptions(
  values: NetworkValues,
  env: Environment = process.env,
  cwd = process.cwd(),
): LoadOptions {
  const data = values.data ?? (env.MERIDIAN_DATA || undefined);
  return {
    config: values.config,
    cwd,
    env,
    overrides: {
      dataDir: data === undefined ? undefined : resolve(cwd, data),
      host: values.host,
      ports: portsOf(values.port ?? []),
      portBase: portBaseOf(values['port-base']),
    },
  };
}

function portsOf(given: readonly string[]): Record<string, number> {
  const pairs = given.map((text) => {
    const [, node, port] = /^([^=]+)=(\d{1,5})$/.exec(text) ?? [];
    if (node === undefined || Number(port) > 65_535)
      throw new UsageError(`--port takes node=port, as in pop-a=8080; not ${text}`);
    return [node, Number(port)] as const;
  });
  return Object.fromEntries(pairs);
}

function portBaseOf(given: number | undefined): number | undefined {
  if (given === undefined || (Number.isInteger(given) && given >= 1 && given <= 65_535)) return given;
  throw new UsageError('--port-base takes a port from 1 to 65535');
}

/** The same options for another Meridian process. */
export function asArguments(values: NetworkValues & LogValues): string[] {
  const names = ['config', 'data', 'host', 'port-base', 'log-level', 'log-format'] as const;
  const single = names.flatMap((name) => (values[name] === undefined ? [] : [`--${name}=${values[name]}`]));
  return [...single, ...(values.port ?? []).map((pair) => `--port=${pair}`)];
}

export function logLevelOf(values: LogValues, env: Environment = process.env): LogLevel {
  const level = values['log-level'] ?? (env.MERIDIAN_LOG_LEVEL || 'info');
  const known = logLevels.find((choice) => choice === level);
  if (known === undefined) throw new UsageError('MERIDIAN_LOG_LEVEL takes debug, info, warn or error');
  return known;
}
