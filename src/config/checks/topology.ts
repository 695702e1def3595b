/**
 * Whether misses find their way to an origin: parents exist, follow the order of roles, and form no circle.
 */
import type { Mistake } from '../mistake.ts';
import { suggest } from '../suggest.ts';
import type { Draft } from './draft.ts';

/** Whom each role may ask. Shields may ask shields (of a larger region); hence the search for circles. */
const mayAsk = { pop: ['shield', 'origin'], shield: ['shield', 'origin'], origin: [] } as const;

export function checkTopology(draft: Draft): Mistake[] {
  if (draft.nodeNames.size === 0)
    return [{ path: 'nodes', expected: 'at least one node', found: 'an empty object' }];
  return [...[...draft.nodes.keys()].flatMap((name) => checkParents(name, draft)), ...checkCircles(draft)];
}

function checkParents(name: string, { nodes, nodeNames }: Draft): Mistake[] {
  const node = nodes.get(name);
  if (node === undefined) return [];
  const allowed: readonly string[] = mayAsk[node.role];
  const path = `nodes.${name}.parents`;
  if (node.role !== 'origin' && node.parents.length === 0) {
    return [
      {
        path,
        expected: `at least one parent, because a ${node.role} asks others on a miss`,
        found: 'an empty list',
      },
    ];
  }
  if (node.role === 'origin' && node.parents.length > 0) {
    return [
      { path, expected: 'no parents, because an origin asks upstreams', found: node.parents.join(', ') },
    ];
  }
  return node.parents.flatMap((parent, index): Mistake[] => {
    const at = `${path}[${index}]`;
    if (!nodeNames.has(parent)) {
      const expected = 'the name of a node of this network';
      return [{ path: at, expected, found: `'${parent}'`, ...suggest(parent, [...nodeNames]) }];
    }
    if (parent === name) return [{ path: at, expected: 'another node', found: 'the node itself' }];
    if (node.parents.indexOf(parent) !== index) {
      return [{ path: at, expected: 'each parent once', found: `'${parent}' again` }];
    }
    const role = nodes.get(parent)?.role;
    if (role === undefined || allowed.includes(role)) return [];
    return [
      {
        path: at,
        expected: `a ${allowed.join(' or an ')}, for a ${node.role}`,
        found: `${parent}, a ${role}`,
      },
    ];
  });
}

/** Each circle once, reported at its alphabetically first node. */
function checkCircles({ nodes }: Draft): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const start of nodes.keys()) {
    const circle = circleFrom(start, nodes);
    if (circle === undefined || [...circle].sort()[0] !== start) continue;
    const found = `a circle: ${[...circle, start].join(' → ')}`;
    mistakes.push({ path: `nodes.${start}.parents`, expected: 'a way that ends at an origin', found });
  }
  return mistakes;
}

/** The way over parents from `start` back to itself, if there is one of two nodes or more. */
function circleFrom(start: string, nodes: Draft['nodes']): readonly string[] | undefined {
  const seen = new Set<string>();
  const search = (way: readonly string[]): readonly string[] | undefined => {
    for (const parent of nodes.get(way.at(-1) ?? start)?.parents ?? []) {
      if (parent === start) return way.length > 1 ? way : undefined;
      if (seen.has(parent)) continue;
      seen.add(parent);
      const circle = search([...way, parent]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return search([start]);
}
