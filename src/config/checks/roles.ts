/** Whether nodes have settings of other roles: those would be left unused without a word. */
import { describe, type Mistake } from '../mistake.ts';
import { member } from '../outline.ts';
import type { ParsedNode } from '../schema.ts';
import type { Draft } from './draft.ts';

interface Setting {
  readonly name: 'predict' | 'prefetch';
  readonly roles: readonly ParsedNode['role'][];
  readonly why: string;
}

const settings: readonly Setting[] = [
  { name: 'predict', roles: ['pop'], why: 'only a PoP fetches what its clients are going to ask for' },
  { name: 'prefetch', roles: ['pop', 'shield'], why: 'an origin tells others what to have' },
];

export function checkRoles({ nodes, written }: Draft): Mistake[] {
  return [...nodes].flatMap(([node, { role }]) =>
    settings.flatMap(({ name, roles, why }) => {
      // By default there are bounds everywhere, so what the file says has to be looked at. `false` is true of the others anyway.
      const value = member(member(member(written, 'nodes'), node), name);
      if (value === undefined || value === false || roles.includes(role)) return [];
      return [{ path: `nodes.${node}.${name}`, expected: `nothing, because ${why}`, found: describe(value) }];
    }),
  );
}
