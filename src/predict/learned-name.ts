/** By which name something is learned: `<route> <target> [<accept>]`. */
import type { Foreseen } from '../foresight.ts';

/** @param accept `null`: anything will do. */
export function learnedName(route: string, target: string, accept: string | null): string {
  return accept === null || accept === '*/*' ? `${route} ${target}` : `${route} ${target} ${accept}`;
}

export function foreseenOf({
  name,
  likelihood,
}: {
  readonly name: string;
  readonly likelihood: number;
}): Foreseen {
  const target = name.indexOf(' ') + 1;
  const end = name.indexOf(' ', target);
  if (end < 0) return { target: name.slice(target), accept: '*/*', likelihood };
  return { target: name.slice(target, end), accept: name.slice(end + 1), likelihood };
}
