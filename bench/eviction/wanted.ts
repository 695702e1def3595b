/** The options of the suite `eviction`, from the command line. */
import type { EvictionWanted } from '../suite.ts';
import { type Format, formats } from './formats.ts';

export const DEFAULT_SIZES = '0.1%,1%,10%';

export const traceOptions = {
  trace: { type: 'string' },
  format: { type: 'string', default: 'oracleGeneral' },
  sizes: { type: 'string', default: DEFAULT_SIZES },
} as const;

interface Given {
  readonly trace?: string | undefined;
  readonly format: string;
  readonly sizes: string;
}

export function evictionWanted({ trace, format, sizes }: Given): EvictionWanted {
  const known = formatNamed(format);
  return {
    trace: trace === undefined ? null : { path: trace, format: known },
    shares: sizes.split(',').map(share),
  };
}

function formatNamed(name: string): Format {
  const format = formats.find((each) => each === name);
  if (!format) throw new Error(`--format has to be one of ${formats.join(', ')}, not "${name}".`);
  return format;
}

/** `1%` or `0.01`. */
function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(value > 0 && value <= 1))
    throw new Error(`--sizes has to list shares of the footprint, such as 0.1%,1%,10%, not "${text}".`);
  return value;
}
