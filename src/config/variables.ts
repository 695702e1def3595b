/**
 * `env('NAME')` in a config file: a credential stays out of the file, and the config stays plain data.
 * The call gives a placeholder, which may be part of a longer text, and the placeholder is filled in when
 * the config is parsed:
 *
 *     authorization: `Bearer ${env('REGISTRY_TOKEN')}`
 */
import { formatPath, type Mistake } from './mistake.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const placeholder = /\$\{env:([^}]*)\}/g;

/** Stands for the value of an environment variable, at the time when the config is loaded. */
export function env(name: string): string {
  return `\${env:${name}}`;
}

/**
 * `input` with every placeholder filled in, and a mistake for each variable that is missing or empty. Where
 * `optional` holds, text with a missing variable is left out instead.
 */
export function fillIn(
  input: unknown,
  environment: Environment,
  optional: (path: readonly PropertyKey[]) => boolean = () => false,
): { value: unknown; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];

  const visit = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };

  const fillText = (text: string, path: readonly PropertyKey[]): string | undefined => {
    const names = [...text.matchAll(placeholder)].map(([, name = '']) => name);
    const missing = names.filter((name) => (environment[name] ?? '') === '');
    if (missing.length === 0) return text.replace(placeholder, (_, name: string) => environment[name] ?? '');
    if (optional(path)) return undefined;
    for (const name of missing) {
      const found = environment[name] === '' ? 'an empty one' : 'none of that name';
      mistakes.push({ path: formatPath(path), expected: `the environment variable ${name}`, found });
    }
    return text;
  };

  return { value: visit(input, []), mistakes };
}

/** Whether the text holds a placeholder: what comes of it is then not to be repeated. */
export function hasVariable(value: unknown): boolean {
  return typeof value === 'string' && value.search(placeholder) !== -1;
}
