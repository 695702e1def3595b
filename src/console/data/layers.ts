/** What requests are answered from: in the order of the way that they take, each with its name and colour. */

export interface Layer {
  readonly name: string;
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
  /** Nobody else was asked. */
  readonly isOwn: boolean;
  /** Within which the design wants an answer of this kind, ms; `null` where it says nothing. */
  readonly markMs: number | null;
}

const known: readonly Layer[] = [
  { name: 'memory', label: 'Memory', colour: '--memory', isOwn: true, markMs: 5 },
  { name: 'disk', label: 'Disk', colour: '--disk', isOwn: true, markMs: 5 },
  { name: 'stale', label: 'Stale', colour: '--stale', isOwn: true, markMs: 5 },
  { name: 'node', label: 'The node itself', colour: '--quiet', isOwn: true, markMs: null },
  { name: 'sibling', label: 'Sibling', colour: '--sibling', isOwn: false, markMs: 20 },
  { name: 'shield', label: 'Shield', colour: '--shield', isOwn: false, markMs: 20 },
  { name: 'origin', label: 'Origin', colour: '--origin', isOwn: false, markMs: 85 },
  { name: 'remote', label: 'Remote', colour: '--remote', isOwn: false, markMs: 250 },
];

/** What the design's chart of latencies has: an answer from each of these within so many ms. */
export const designMarks = [
  { ms: 5, label: 'PoP' },
  { ms: 20, label: 'shield' },
  { ms: 85, label: 'origin' },
  { ms: 250, label: 'upstream' },
] as const;

/** Those of these names, in order; one that a newer node tells of comes last, under its own name. */
export function layersOf(names: Iterable<string>): readonly Layer[] {
  const wanted = new Set(names);
  const others = [...wanted].filter((name) => !known.some((layer) => layer.name === name));
  const made = others.map((name) => ({
    ...{ name, label: name.charAt(0).toUpperCase() + name.slice(1) },
    ...{ colour: '--accent', isOwn: false, markMs: null },
  }));
  return [...known.filter(({ name }) => wanted.has(name)), ...made];
}

export const ownLayers: ReadonlySet<string> = new Set(
  known.filter(({ isOwn }) => isOwn).map(({ name }) => name),
);

/** Of a PoP: the request came to an origin. */
export const originLayers: ReadonlySet<string> = new Set(['origin', 'remote']);
