/**
 * What is known of manifests that the policy has met, one document each, kept for good: when they were first seen here, what they name, what
 * has led to them, and which signatures were found. Bounded: of what is forgotten, all that was in its favour is forgotten, too.
 *
 *     oci-dossier <route> <name> <digest>
 */
import { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import {
  type DocumentKey,
  documentLimits,
  type MetadataStore,
  type Stores,
  type Transaction,
} from '../../../store.ts';
import { type Digest, readDigest } from '../digest.ts';
import type { Content } from './content.ts';

export interface Dossier {
  /** ms since the epoch. */
  readonly seenMs: number;
  /** `null`: nobody has read it yet, or it names too much. */
  readonly content: Content | null;
  /** When its config says that it was made, ms since the epoch; `null`: it does not; absent: nobody has looked. */
  readonly configMs?: number | null | undefined;
  /** Tags that have stood for it, the newest last. */
  readonly tags: readonly string[];
  /** Indexes that name it, the newest last. */
  readonly parents: readonly Digest[];
  /** When signatures were found that satisfy a rule, ms since the epoch, by the rule's mark. */
  readonly signed: Readonly<Record<string, number>>;
}

export interface Dossiers {
  /** @param isFresh not from memory: another origin may have written meanwhile. */
  get(name: string, digest: Digest, isFresh?: boolean): Promise<Dossier | null>;
  /** Written only if it changes something. */
  change(name: string, digest: Digest, how: (before: Dossier) => Dossier): Promise<Dossier>;
  /** All of an index at once. */
  adopt(name: string, parent: Digest, children: readonly Digest[]): Promise<void>;
  /** No signature in this repository counts as found any more. */
  unsign(name: string): Promise<void>;
}

/** In memory. */
const mostKnown = 2000;
/** Names of one manifest that are kept; one with more is read each time. */
const mostNames = 300;
/** Written down, per route. */
const mostKept = 200_000;
/** New ones until those that are too many are cleared away. */
const clearedAfter = 10_000;
const mostTags = 16;
const mostParents = 16;
/** Children of an index that are noted. No image has as many platforms. */
const mostChildren = 200;

const digests = z.array(z.string()).transform((all) => all.flatMap((each) => readDigest(each) ?? []));
const dossier = z.object({
  seenMs: z.number(),
  content: z
    .object({
      names: digests,
      manifests: digests,
      isIndex: z.boolean(),
      isSignature: z.boolean(),
      config: z
        .string()
        .nullable()
        .transform((text) => (text === null ? null : readDigest(text))),
      createdMs: z.number().nullable(),
    })
    .nullable(),
  configMs: z.number().nullable().optional(),
  tags: z.array(z.string()),
  parents: digests,
  signed: z.record(z.string(), z.number()),
});

export interface Keeping {
  readonly route: string;
  readonly clock: Clock;
  /** `null`: in memory alone. */
  readonly stores: () => Stores | null;
}

export function openDossiers({ route, clock, stores }: Keeping): Dossiers {
  const known = new Map<string, Dossier>();
  let added = 0;

  const keyOf = (name: string, digest: Digest): DocumentKey => ['oci-dossier', route, name, digest];
  const store = (): MetadataStore | null => stores()?.metadata ?? null;

  function keep(name: string, digest: Digest, found: Dossier): Dossier {
    const key = `${name}@${digest}`;
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
    return found;
  }

  async function change(name: string, digest: Digest, how: (before: Dossier) => Dossier): Promise<Dossier> {
    const metadata = store();
    const before = known.get(`${name}@${digest}`);
    if (before !== undefined && Bun.deepEquals(how(before), before)) return before;
    if (metadata === null) return keep(name, digest, how(before ?? begun(clock.now())));
    const { made, isNew } = await metadata.transact((transaction) =>
      changed(transaction, keyOf(name, digest), how, clock.now()),
    );
    if (isNew) await cleared(metadata, 1);
    return keep(name, digest, made);
  }

  /** The oldest go first. */
  async function cleared(metadata: MetadataStore, more: number): Promise<void> {
    added += more;
    if (added < clearedAfter) return;
    added = 0;
    await clear(metadata, ['oci-dossier', route]);
  }

  return {
    change,
    async get(name, digest, isFresh = false) {
      const found = known.get(`${name}@${digest}`);
      const metadata = store();
      if ((found !== undefined && !isFresh) || metadata === null) return found ?? null;
      const document = await metadata.get(keyOf(name, digest));
      return document && keep(name, digest, dossier.parse(document.value));
    },
    async adopt(name, parent, children) {
      const of = (before: Dossier): Dossier => ({
        ...before,
        parents: including(before.parents, parent, mostParents),
      });
      const wanted = children.slice(0, mostChildren);
      const metadata = store();
      const isKnown = (child: Digest) => known.get(`${name}@${child}`)?.parents.includes(parent) === true;
      if (wanted.every(isKnown)) return;
      const made =
        metadata === null
          ? wanted.map((child) => ({
              made: of(known.get(`${name}@${child}`) ?? begun(clock.now())),
              isNew: false,
            }))
          : await metadata.transact((transaction) =>
              inTurn(wanted, (child) => changed(transaction, keyOf(name, child), of, clock.now())),
            );
      for (const [at, child] of wanted.entries()) {
        const found = made[at]?.made;
        if (found !== undefined) keep(name, child, found);
      }
      if (metadata !== null) await cleared(metadata, made.filter(({ isNew }) => isNew).length);
    },
    async unsign(name) {
      const unsigned = (before: Dossier): Dossier => ({ ...before, signed: {} });
      const metadata = store();
      for (const [key, found] of known) {
        if (key.startsWith(`${name}@`)) known.set(key, unsigned(found));
      }
      if (metadata === null) return;
      for (let after: DocumentKey | undefined; ; ) {
        const page = await metadata.scan(['oci-dossier', route, name], { ...(after && { after }) });
        for (const { key, value } of page) {
          if (Object.keys(dossier.parse(value).signed).length === 0) continue;
          await metadata.transact((transaction) => changed(transaction, key, unsigned, clock.now()));
        }
        after = page.at(-1)?.key;
        if (page.length < documentLimits.page) return;
      }
    },
  };
}

/** Of what nobody has asked for yet. */
export function begun(nowMs: number): Dossier {
  return { seenMs: nowMs, content: null, tags: [], parents: [], signed: {} };
}

async function changed(
  transaction: Transaction,
  key: DocumentKey,
  how: (before: Dossier) => Dossier,
  nowMs: number,
): Promise<{ readonly made: Dossier; readonly isNew: boolean }> {
  const found = await transaction.get(key);
  const before = found === null ? begun(nowMs) : dossier.parse(found.value);
  const made = how(before);
  if (found === null || !Bun.deepEquals(made, before)) await transaction.put(key, made);
  return { made, isNew: found === null };
}

async function inTurn<One, Made>(
  all: readonly One[],
  make: (one: One) => Promise<Made>,
): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const one of all) made.push(await make(one));
  return made;
}

async function clear(metadata: MetadataStore, prefix: DocumentKey): Promise<void> {
  const all: { readonly key: DocumentKey; readonly seenMs: number }[] = [];
  for (let after: DocumentKey | undefined; ; ) {
    const page = await metadata.scan(prefix, { ...(after && { after }) });
    for (const { key, value } of page) all.push({ key, seenMs: dossier.parse(value).seenMs });
    after = page.at(-1)?.key;
    if (page.length < documentLimits.page) break;
  }
  const surplus = all.sort((a, b) => b.seenMs - a.seenMs).slice(mostKept);
  for (let at = 0; at < surplus.length; at += documentLimits.page)
    await metadata.transact(async (transaction) => {
      for (const { key } of surplus.slice(at, at + documentLimits.page)) await transaction.delete(key);
    });
}

/** What is kept of what a manifest says. */
export function storable(content: Content): Content | null {
  return content.names.length > mostNames ? null : content;
}

export function withTag(before: Dossier, tag: string): Dossier {
  return { ...before, tags: including(before.tags, tag, mostTags) };
}

/** One that is there already stays where it is. */
function including<Word extends string>(all: readonly Word[], one: Word, most: number): readonly Word[] {
  return all.includes(one) ? all : [...all, one].slice(-most);
}
