/**
 * Environment markers (packaging.python.org/specifications/dependency-specifiers, formerly PEP 508): on which machines, and for which extras, a
 * requirement holds.
 */
import { normalise } from '../names.ts';
import { readVersion } from '../version.ts';
import type { Client } from './client.ts';
import { isAllowed, readSpecifiers } from './specifier.ts';

/** Values of the variables, by their names; `extra` beside them. */
export type Environment = Readonly<Record<string, string>>;

export type Marker = Comparison | Combined;

interface Combined {
  readonly as: 'and' | 'or';
  readonly left: Marker;
  readonly right: Marker;
}

interface Comparison {
  readonly as: 'is';
  readonly left: Term;
  readonly operator: string;
  readonly right: Term;
}

interface Term {
  readonly isName: boolean;
  readonly text: string;
}

const names: ReadonlySet<string> = new Set([
  ...['python_version', 'python_full_version', 'os_name', 'sys_platform', 'platform_release', 'extra'],
  ...['platform_system', 'platform_version', 'platform_machine', 'platform_python_implementation'],
  ...['implementation_name', 'implementation_version'],
]);

const longest = 2_000;
const token =
  /\s*(?:([()])|(===|==|!=|<=|>=|~=|<|>)|(not\s+in\b|in\b)|(and\b|or\b)|'([^']*)'|"([^"]*)"|([a-z_]+))/gy;

interface Token {
  readonly as: 'bracket' | 'operator' | 'word' | 'text' | 'name';
  readonly text: string;
}

/** `null`: nobody knows what it means. */
export function readMarker(text: string): Marker | null {
  const tokens = tokensIn(text.trim());
  return tokens && parsed(tokens);
}

function parsed(tokens: readonly Token[]): Marker | null {
  let at = 0;
  const isNext = (text: string) => tokens[at]?.as !== 'text' && tokens[at]?.text === text;

  function chain(word: 'and' | 'or', part: () => Marker | null): Marker | null {
    let left = part();
    while (left !== null && isNext(word)) {
      at++;
      const right = part();
      left = right && { as: word, left, right };
    }
    return left;
  }
  const any = (): Marker | null => chain('or', all);
  const all = (): Marker | null => chain('and', one);

  function one(): Marker | null {
    if (isNext('(')) {
      at++;
      const inner = any();
      return isNext(')') && at++ >= 0 ? inner : null;
    }
    const [left, operator, right] = [termAt(tokens, at), tokens[at + 1], termAt(tokens, at + 2)];
    at += 3;
    if (left === null || right === null || operator?.as !== 'operator') return null;
    return { as: 'is', left, operator: operator.text, right };
  }

  const marker = any();
  return at === tokens.length ? marker : null;
}

function termAt(tokens: readonly Token[], at: number): Term | null {
  const { as, text } = tokens[at] ?? { as: 'bracket', text: '' };
  if (as === 'text') return { isName: false, text };
  return as === 'name' && names.has(text) ? { isName: true, text } : null;
}

function tokensIn(text: string): readonly Token[] | null {
  if (text.length > longest) return null;
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) return null;
    const [, bracket, comparison, within, word, single, double, name = ''] = found;
    const quoted = single ?? double;
    if (bracket !== undefined) tokens.push({ as: 'bracket', text: bracket });
    else if (comparison !== undefined) tokens.push({ as: 'operator', text: comparison });
    else if (within !== undefined) tokens.push({ as: 'operator', text: within.replace(/\s+/, ' ') });
    else if (word !== undefined) tokens.push({ as: 'word', text: word });
    else if (quoted !== undefined) tokens.push({ as: 'text', text: quoted });
    else
      tokens.push({
        as: 'name',
        text: name.replace(/^python_implementation$/, 'platform_python_implementation'),
      });
  }
  return tokens;
}

export function holds(marker: Marker, environment: Environment): boolean {
  if (marker.as === 'is') return isMet(marker, environment);
  const { as, left, right } = marker;
  const first = holds(left, environment);
  return as === 'and' ? first && holds(right, environment) : first || holds(right, environment);
}

function isMet(marker: Comparison, environment: Environment): boolean {
  const { left, operator, right } = marker;
  const value = ({ isName, text }: Term) => (isName ? (environment[text] ?? '') : text);
  const isExtra = (left.isName && left.text === 'extra') || (right.isName && right.text === 'extra');
  if (isExtra) return compared(normalise(value(left)), operator, normalise(value(right)));
  return compared(value(left), operator, value(right));
}

/** As versions where they are, and as text where not. */
function compared(left: string, operator: string, right: string): boolean {
  if (operator === 'in') return right.includes(left);
  if (operator === 'not in') return !right.includes(left);
  const version = readVersion(left);
  const specifiers = version && readSpecifiers(operator + right);
  if (version !== null && specifiers) return isAllowed(version, specifiers);
  switch (operator) {
    case '==':
    case '===':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return false;
  }
}

const platforms = {
  Linux: { os_name: 'posix', sys_platform: 'linux' },
  Darwin: { os_name: 'posix', sys_platform: 'darwin' },
  Windows: { os_name: 'nt', sys_platform: 'win32' },
} as const;

export function environmentOf(client: Client): Environment {
  const { python, implementation, implementationVersion, system, cpu } = client;
  return {
    ...{ ...platforms[system], platform_system: system, platform_machine: cpu },
    ...{ python_full_version: python, python_version: python.split('.').slice(0, 2).join('.') },
    ...{ implementation_name: implementation, implementation_version: implementationVersion },
    platform_python_implementation: implementation === 'pypy' ? 'PyPy' : 'CPython',
  };
}
