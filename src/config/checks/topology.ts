/**
 * Whether misses find their way to an origin: parents exist, follow the order of roles, and form no circle. Siblings may
 * name each other: they never go on.
 */

import { suggest } from '../../messages/suggest.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import { nameOf, parentsIn } from '../schema-parents.ts';
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
  const parents = parentsIn(node.parents);
  if (node.role !== 'origin' && parents.length === 0) {
    const found = node.parents.length === 0 ? 'an empty list' : 'siblings only';
    const expected = `at least one parent, because a ${node.role} asks others on a miss`;
    return [{ path, expected, found }];
  }
  const names = node.parents.map(nameOf);
  if (node.role === 'origin' && names.length > 0) {
    return [{ path, expected: 'no parents, because an origin asks upstreams', found: names.join(', ') }];
  }
  return node.parents.flatMap((each, index): Mistake[] => {
    const at = `${path}[${index}]`;
    const parent = nameOf(each);
    if (!nodeNames.has(parent)) {
      const expected = 'the name of a node of this network';
      return [{ path: at, expected, found: `'${parent}'`, ...suggest(parent, [...nodeNames]) }];
    }
    if (parent === name) return [{ path: at, expected: 'another node', found: 'the node itself' }];
    if (names.indexOf(parent) !== index) {
      return [{ path: at, expected: 'each parent once', found: `'${parent}' again` }];
    }
    const role = nodes.get(parent)?.role;
    if (typeof each !== 'string') return checkPeer(at, parent, role, node, index);
    if (role === undefined || allowed.includes(role)) return [];
    const expected = `a ${allowed.join(' or an ')}, for a ${node.role}`;
    return [{ path: at, expected, found: `${parent}, a ${role}` }];
  });
}

/** Siblings are of the same role. They come first, because they are asked before anybody does any work for the answer. */
function checkPeer(
  path: string,
  peer: string,
  role: ParsedNode['role'] | undefined,
  node: ParsedNode,
  index: number,
): Mistake[] {
  if (role !== undefined && role !== node.role) {
    return [{ path, expected: `a ${node.role} as a sibling of a ${node.role}`, found: `${peer}, a ${role}` }];
  }
  const isFirst = node.parents.slice(0, index).every((before) => typeof before !== 'string');
  return isFirst
    ? []
    : [{ path, expected: 'siblings before all parents', found: `peer('${peer}') behind one` }];
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
    for (const parent of parentsIn(nodes.get(way.at(-1) ?? start)?.parents ?? [])) {
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
