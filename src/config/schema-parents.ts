/** Whom a node asks on a miss, a part of the table in `schema.ts`: parents by their names, and siblings. */
import { label } from './forms.ts';
import { leaf } from './kinds.ts';
import { member } from './outline.ts';
import { type Duration, parseDuration } from './units.ts';

/** Another node of the same role that is asked for what it has, before the parents are asked for anything: `peer('lhr')`. */
export interface PeerInput {
  readonly peer: string;
  /** For so long after the start of the node that asks, in seconds; unless said, always. */
  readonly forS?: Duration | undefined;
}

export type ParsedParent = string | ParsedPeer;
export interface ParsedPeer {
  readonly peer: string;
  readonly forS?: number;
}

export const parent = leaf<string | PeerInput, ParsedParent>(
  {
    means: 'Name of a node, or a sibling.',
    expected: "the name of a node, such as 'shield', or peer('lhr')",
    type: 'text or `peer(…)`',
  },
  (value) => {
    if (typeof value === 'string') return label(value);
    if (typeof value !== 'object' || value === null) return undefined;
    if (Object.keys(value).some((key) => key !== 'peer' && key !== 'forS')) return undefined;
    const name = member(value, 'peer');
    const peer = typeof name === 'string' ? label(name) : undefined;
    if (peer === undefined) return undefined;
    const time = member(value, 'forS');
    if (time === undefined) return { peer };
    const forS = parseDuration(time, 1000);
    return forS === undefined ? undefined : { peer, forS };
  },
);

/** The node that is meant. */
export function nameOf(parent: ParsedParent): string {
  return typeof parent === 'string' ? parent : parent.peer;
}

/** The nodes that make sure that there is an answer, in order of preference. */
export function parentsIn(all: readonly ParsedParent[]): readonly string[] {
  return all.filter((each) => typeof each === 'string');
}

/** The siblings. */
export function peersIn(all: readonly ParsedParent[]): readonly ParsedPeer[] {
  return all.filter((each) => typeof each !== 'string');
}
