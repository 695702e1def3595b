/**
 * Runs a config file in a process of its own and hands its default export to the parent process
 * (`bun evaluate.ts <file>`, started by `load.ts`).
 *
 * A process of its own, because a reload has to see the file and everything that it imports as they are
 * now, and because nothing that a config file does (a loop, `process.exit`, a changed global) may touch a
 * node that serves. It costs 17 ms; a Worker would cost 3 ms and share the node's fate.
 */
import { describe, formatPath, type Mistake } from './mistake.ts';

export type Evaluated = { readonly value: unknown } | { readonly mistakes: readonly Mistake[] };

/** `meridian` is this very version, whether or not it is installed next to the config file. */
Bun.plugin({
  name: 'meridian',
  setup(build) {
    build.module('meridian', async () => ({ exports: await import('../index.ts'), loader: 'object' }));
  },
});

async function evaluate(file: string): Promise<Evaluated> {
  try {
    const module: unknown = await import(file);
    const value =
      typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (value === undefined) return { mistakes: [noExport(file)] };
    const mistakes = impurities(value, [], new Set());
    return mistakes.length === 0 ? { value } : { mistakes };
  } catch (error) {
    return { mistakes: thrown(error, file) };
  }
}

function noExport(file: string): Mistake {
  return { path: file, expected: 'export default defineNetwork({ … })', found: 'no default export' };
}

/** What cannot cross to another process as it is. */
function impurities(value: unknown, path: readonly PropertyKey[], above: Set<object>): Mistake[] {
  const mistake = (found: string): Mistake[] => [{ path: formatPath(path), expected: 'plain data', found }];
  if (typeof value === 'number' && !Number.isFinite(value)) return mistake(String(value));
  if (['function', 'symbol', 'bigint'].includes(typeof value)) return mistake(`a ${typeof value}`);
  if (typeof value !== 'object' || value === null) return [];
  if (above.has(value)) return mistake('an object that contains itself');
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!plain) return mistake(`an object of class ${value.constructor.name}`);
  const within = new Set(above).add(value);
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      item === undefined
        ? [{ path: formatPath([...path, index]), expected: 'a value', found: describe(item) }]
        : impurities(item, [...path, index], within),
    );
  }
  return Object.entries(value).flatMap(([key, item]) => impurities(item, [...path, key], within));
}

/** A syntax error, a module that cannot be found, or whatever the file threw, with its place. */
function thrown(error: unknown, file: string): Mistake[] {
  if (error instanceof AggregateError) return error.errors.flatMap((each) => thrown(each, file));
  const expected = 'a config file that can be run';
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const found = isBunMessage(error) ? error.message : message;
  return [{ path: placeOf(error) ?? file, expected, found }];
}

interface BunMessage {
  readonly message: string;
  readonly position: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/** Bun's `BuildMessage` and `ResolveMessage`. */
function isBunMessage(error: unknown): error is BunMessage {
  return typeof error === 'object' && error !== null && 'position' in error && 'message' in error;
}

function placeOf(error: unknown): string | undefined {
  if (isBunMessage(error)) {
    const { position } = error;
    return position === null ? undefined : `${position.file}:${position.line}:${position.column}`;
  }
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = [...stack.matchAll(/^\s*at .*?\(?((?:file:\/\/)?\/[^()]*?:\d+:\d+)\)?$/gm)].map(
    ([, place = '']) => place,
  );
  return frames.find((place) => !place.includes(import.meta.path))?.replace(/^file:\/\//, '');
}

const [file] = process.argv.slice(2);
const send = process.send?.bind(process);
if (file === undefined || send === undefined) throw new Error('evaluate.ts is started by load.ts');
// An error outside of the module's own course, in a timer or an unheeded promise, counts like one in it.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => send({ mistakes: thrown(error, file) }));
}
send(await evaluate(file));
process.disconnect?.();
