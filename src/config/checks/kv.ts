/**
 * Whether the key/value stores that nodes and routes speak of are there, and their names of use.
 */

import { suggest } from '../../messages/suggest.ts';
import type { Mistake } from '../mistake.ts';
import type { Draft } from './draft.ts';

export function checkKv(draft: Draft): Mistake[] {
  return [...checkNames(draft), ...checkUses(draft), ...checkRoutes(draft)];
}

/** Both are members of one field, `Cache-Status`. */
function checkNames({ kvNames, nodeNames }: Draft): Mistake[] {
  const both = [...kvNames].filter((name) => nodeNames.has(name));
  const expected = 'a name that no node has, because responses name both';
  return both.map((name) => ({ path: `kv.${name}`, expected, found: `'${name}'` }));
}

function checkUses({ nodes, kvNames }: Draft): Mistake[] {
  return [...nodes].flatMap(([name, { role, near, sharedMemory }]) => {
    const uses = [
      { path: `nodes.${name}.near`, store: near },
      { path: `nodes.${name}.sharedMemory.store`, store: sharedMemory?.store },
    ];
    return uses.flatMap(({ path, store }, at): Mistake[] => {
      if (store === undefined) return [];
      if (role === 'origin') {
        const expected = 'nothing, because an origin is where copies come from';
        return [{ path, expected, found: `'${store}'` }];
      }
      if (!kvNames.has(store)) {
        const expected = 'the name of a store in kv';
        return [{ path, expected, found: `'${store}'`, ...suggest(store, [...kvNames]) }];
      }
      if (at === 0 || store !== near) return [];
      return [{ path, expected: 'another store than `near`', found: `'${store}'` }];
    });
  });
}

/** Copies that no node makes help nobody. */
function checkRoutes({ routes, nodes }: Draft): Mistake[] {
  if ([...nodes.values()].some(({ near }) => near !== undefined)) return [];
  return routes.flatMap((route, at) =>
    route?.replicate === undefined
      ? []
      : [
          {
            path: `routes[${at}].replicate`,
            expected: 'at least one node with a store that is `near`',
            found: 'none',
          },
        ],
  );
}
