/** What is learned goes by names: `<route> <target> [<accept>]`. */
import type { Foreseen } from '../foresight.ts';
import type { Likely } from './learned/learned.ts';

export function foreseenByRoute(all: readonly Likely[]): ReadonlyMap<string, readonly Foreseen[]> {
  const byRoute = new Map<string, Foreseen[]>();
  for (const each of all) {
    const route = each.name.slice(0, each.name.indexOf(' '));
    const rows = byRoute.get(route);
    if (rows === undefined) byRoute.set(route, [foreseenOf(each)]);
    else rows.push(foreseenOf(each));
  }
  return byRoute;
}

function foreseenOf({ name, likelihood }: Likely): Foreseen {
  const target = name.indexOf(' ') + 1;
  const end = name.indexOf(' ', target);
  if (end < 0) return { target: name.slice(target), likelihood };
  return { target: name.slice(target, end), accept: name.slice(end + 1), likelihood };
}
