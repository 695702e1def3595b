/** Whom a node asks on a miss, a part of the table in `schema.ts`: parents by their names, and siblings. */
import { label } from './forms.ts';
import { leaf } from './kinds.ts';

/** A PoP that is asked for what it has, before the parents are asked for anything: `peer('lhr')`. */
export interface PeerInput {
  readonly peer: string;
}

export type ParsedParent = string | PeerInput;

export const parent = leaf<ParsedParent, ParsedParent>(
  {
    means: 'Name of a node, or a sibling.',
    expected: "the name of a node, such as 'shield', or peer('lhr')",
    type: 'text or `peer(…)`',
  },
  (value) => {
    if (typeof value === 'string') return label(value);
    if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'peer') return undefined;
    const name: unknown = Reflect.get(value, 'peer');
    const peer = typeof name === 'string' ? label(name) : undefined;
    return peer === undefined ? undefined : { peer };
  },
);

/** The nodes that make sure that there is an answer, in order of preference. */
export function parentsIn(all: readonly ParsedParent[]): readonly string[] {
  return all.filter((each) => typeof each === 'string');
}

/** The siblings. */
export function peersIn(all: readonly ParsedParent[]): readonly string[] {
  return all.flatMap((each) => (typeof each === 'string' ? [] : [each.peer]));
}
