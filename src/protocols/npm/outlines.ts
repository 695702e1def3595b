/**
 * What the origin remembers of the documents that it has derived lately, to tell what a new one changes: which versions, which tags,
 * which of the documents that are made of it. What it does not remember, such as after a start, counts as changed.
 */

/** Versions that are remembered, of all documents together; some 100 bytes each. */
const maxVersions = 200_000;

/** Digest of a manifest as the upstream has it in full, where that is known, and of its abbreviated form. */
export type VersionDigests = readonly [full: string | null, abbreviated: string];

export interface Outline {
  readonly tags: ReadonlyMap<string, string>;
  readonly versions: ReadonlyMap<string, VersionDigests>;
  /** Digests of these documents. */
  readonly abbreviated: string;
  readonly index: string;
}

/** What is another than before, or was not there, or is no more. */
export interface Difference {
  /** Versions, and tags that are or were about another manifest. */
  readonly manifests: readonly string[];
  readonly tags: boolean;
  readonly abbreviated: boolean;
  readonly index: boolean;
}

export interface Outlines {
  /** @param original what it was made of (`source.ts`). */
  remember(name: string, original: string, outline: Outline): void;
  /** `null`: one of them is not remembered. */
  between(name: string, before: string, after: string): Difference | null;
}

export function openOutlines(limit = maxVersions): Outlines {
  const known = new Map<string, Outline>();
  // One iterator for good: a new one has to pass the places of all that were deleted.
  let oldest = known.keys();
  let total = 0;

  const idOf = (name: string, original: string) => `${name} ${original}`;
  const weightOf = ({ versions }: Outline) => versions.size + 1;

  function forget(id: string): void {
    const outline = known.get(id);
    if (outline === undefined) return;
    known.delete(id);
    total -= weightOf(outline);
  }

  function forgetOldest(): void {
    const { done, value } = oldest.next();
    if (done) oldest = known.keys();
    else forget(value);
  }

  return {
    remember(name, original, outline) {
      const id = idOf(name, original);
      forget(id);
      if (weightOf(outline) > limit) return;
      known.set(id, outline);
      total += weightOf(outline);
      while (total > limit) forgetOldest();
    },

    between(name, before, after) {
      const [one, other] = [before, after].map((original) => known.get(idOf(name, original)));
      return one === undefined || other === undefined ? null : differenceOf(one, other);
    },
  };
}

function differenceOf(before: Outline, after: Outline): Difference {
  const versions = changed(before.versions, after.versions, isSame);
  const moved = changed(before.tags, after.tags, (one, other) => one === other);
  const retold = [...after.tags].filter(([, version]) => versions.has(version)).map(([tag]) => tag);
  return {
    manifests: [...new Set([...versions, ...moved, ...retold])],
    tags: moved.size > 0,
    abbreviated: before.abbreviated !== after.abbreviated,
    index: before.index !== after.index,
  };
}

function changed<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  same: (one: Value, other: Value) => boolean,
): ReadonlySet<string> {
  const names = new Set([...before.keys(), ...after.keys()]);
  for (const name of names) {
    const [one, other] = [before.get(name), after.get(name)];
    if (one !== undefined && other !== undefined && same(one, other)) names.delete(name);
  }
  return names;
}

/** One of two documents may be the abbreviated one: then it is all that can be compared. */
function isSame([oneFull, one]: VersionDigests, [otherFull, other]: VersionDigests): boolean {
  return oneFull === null || otherFull === null ? one === other : oneFull === otherFull;
}
