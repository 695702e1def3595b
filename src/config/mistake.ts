/**
 * A mistake in a config file: where it is, what was expected there and what was found. Found values are
 * described so that no credential is ever repeated.
 */
import { credentialNames } from './credentials.ts';

export interface Mistake {
  /** `routes[1].npm.upstreams[0].url`, a flag such as `--port`, or `file:line:column`. */
  readonly path: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** Completes "found …". */
  readonly found: string;
  /** What to do about it, as a sentence, where `expected` does not say it all. */
  readonly hint?: string;
}

/** One line: `routes[0].web.upstream: expected an absolute URL, found 'example'. Hint.` */
export function formatMistake({ path, expected, found, hint }: Mistake): string {
  const where = path === '' ? '' : `${path}: `;
  return `${where}expected ${expected}, found ${found}${hint === undefined ? '' : `. ${hint}`}`;
}

/** `['routes', 1, 'web']` as `routes[1].web`. */
export function formatPath(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[\w-]+$/.test(String(step)) ? `.${String(step)}` : `[${JSON.stringify(String(step))}]`;
  });
  return steps.join('').replace(/^\./, '');
}

/** What is at `path`, for people. */
export function describe(value: unknown, path: readonly PropertyKey[] = []): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return describeText(value, isCredential(path));
  if (typeof value === 'number' && isCredential(path)) return 'a number';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object') return String(value);
  const keys = Object.keys(value).map((key) => printable(key, 30));
  if (keys.length === 0) return 'an empty object';
  return `an object with ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', …' : ''}`;
}

function isCredential(path: readonly PropertyKey[]): boolean {
  return path.some((step) => credentialNames.has(String(step)));
}

function describeText(value: string, secret: boolean): string {
  if (secret) return `text of ${value.length} characters`;
  return `'${printable(value.replace(/\/\/[^/@]*@/g, '//…@'), 80)}'`;
}

function printable(value: string, atMost: number): string {
  const plain = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
  return plain.length > atMost ? `${plain.slice(0, atMost)}…` : plain;
}
