/** Whether what nodes always have is of a route, goes to any, and can be told by its name. */
import { isMeant } from '../../messages/prefetch.ts';
import { readReference } from '../../messages/reference.ts';
import { suggest } from '../../messages/suggest.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedRoute, ParsedWarm } from '../schema.ts';
import type { Draft } from './draft.ts';

export function checkWarm({ warm, routes, nodes, nodeNames }: Draft): Mistake[] {
  // What is wrong with a node or a route is told by itself.
  const areNodesKnown = nodes.size === nodeNames.size;
  const areRoutesKnown = !routes.includes(undefined);
  const others = [...nodes].filter(([, { role }]) => role !== 'origin').map(([name]) => name);
  const names = routes.flatMap((route) => (route === undefined ? [] : [route.name]));
  return warm.flatMap((entry, at): Mistake[] => {
    const path = `warm[${at}]`;
    const route = routes.find((each) => each?.name === entry.route);
    if (route === undefined && areRoutesKnown) {
      const expected = 'the name of a route of this network';
      return [{ path: `${path}.route`, expected, found: `'${entry.route}'`, ...suggest(entry.route, names) }];
    }
    return [
      ...(areNodesKnown ? checkNodes(entry, path, others) : []),
      ...(route === undefined ? [] : checkWhat(entry, path, route)),
    ];
  });
}

function checkNodes({ to }: ParsedWarm, path: string, others: readonly string[]): Mistake[] {
  return to.flatMap((pattern, at): Mistake[] => {
    if (others.some((name) => isMeant([pattern], name))) return [];
    const expected = 'the name of a PoP or a shield of this network, or a pattern of some';
    return [{ path: `${path}.to[${at}]`, expected, found: `'${pattern}'`, ...suggest(pattern, others) }];
  });
}

function checkWhat({ what }: ParsedWarm, path: string, { protocol, match, name }: ParsedRoute): Mistake[] {
  return what.flatMap((text, at): Mistake[] => {
    const found = `'${text}'`;
    const where = `${path}.what[${at}]`;
    if (text.startsWith('/')) {
      const isBelow = match.path === '' || text === match.path || text.startsWith(`${match.path}/`);
      if (isBelow) return [];
      return [{ path: where, expected: `a path of the route ${name}, which is at ${match.path}`, found }];
    }
    if (protocol === 'web')
      return [{ path: where, expected: 'a path, as this is a route to a web server', found }];
    if (readReference(text, protocol).version !== null) return [];
    const expected =
      protocol === 'oci'
        ? "an image with its tag or digest, such as 'acme/app:v1', or a path"
        : "a package with its version, such as 'name@1.2.3', or a path";
    return [{ path: where, expected, found }];
  });
}
