/** Whether images that go to nodes ahead of time go to any. */
import { isMeant } from '../../messages/prefetch.ts';
import { suggest } from '../../messages/suggest.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedRoute } from '../schema.ts';
import type { Draft } from './draft.ts';

export function checkReplication(route: ParsedRoute, index: number, { nodes, nodeNames }: Draft): Mistake[] {
  // What is wrong with a node is told by itself.
  if (route.protocol !== 'oci' || nodes.size < nodeNames.size) return [];
  const others = [...nodes].filter(([, { role }]) => role !== 'origin').map(([name]) => name);
  return route.oci.replication.flatMap(({ to }, rule) =>
    to.flatMap((pattern, at): Mistake[] => {
      if (others.some((name) => isMeant([pattern], name))) return [];
      const path = `routes[${index}].oci.replication[${rule}].to[${at}]`;
      const expected = 'the name of a PoP or a shield of this network, or a pattern of some';
      return [{ path, expected, found: `'${pattern}'`, ...suggest(pattern, others) }];
    }),
  );
}
