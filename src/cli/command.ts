/**
 * What a command is: its options, and what it does with them.
 */
import type { InferredOptionTypes, Options } from 'yargs';
import { type ExitCode, UsageError } from './exit.ts';

export interface Command {
  readonly options: Readonly<Record<string, Options>>;
  run(values: unknown): Promise<ExitCode>;
}

/** Ties the types of `run`'s values to the options. */
export function command<const Given extends Readonly<Record<string, Options>>>(
  options: Given,
  run: (values: InferredOptionTypes<Given>) => Promise<ExitCode>,
): Command {
  return {
    options,
    run(values) {
      // yargs has checked the values against the very same options.
      const checked = values as InferredOptionTypes<Given>;
      for (const [name, { array }] of Object.entries(options)) {
        const value: unknown = Reflect.get(checked, name);
        if (Array.isArray(value) && array !== true)
          throw new UsageError(`--${name} was given more than once`);
      }
      return run(checked);
    },
  };
}
