/**
 * Generations of suites that live here. One is made when a client reads the suite after something of it has changed, so a hundred packages that are
 * sent one after the other make one; it appears in one transaction, signed. Indexes of those before can be had by their hashes for a
 * week.
 *
 *     apt-generation  <route> <archive> <suite>             the one in force
 *     apt-index       <route> <archive> <suite> <sha256>    an index of it, or of one before
 *     blob <sha256> held apt <route> <archive> <suite>
 */
import { z } from 'zod';
import { blobReferenceKey, type DocumentKey, type DocumentReader, type Transaction } from '../../../store.ts';
import type { Pulling } from '../../registry/ecosystem.ts';
import { type Held, withBlobs } from '../../registry/hosted/blob.ts';
import { storesOf } from '../../registry/hosted/claims.ts';
import { allBelow, asFile, fileOf, sha256 } from '../../registry/hosted/record.ts';
import { partsOf, type WrittenIndex, writeIndexes, writeRelease } from './indexes.ts';
import { type Shelved, shelvedFrom } from './package.ts';
import { signingKeyOf } from './signing.ts';

const dayMs = 86_400_000;
/** From then on, clients refuse it: nobody can show them an old one for longer. */
const validMs = 14 * dayMs;
/** Made anew when somebody reads it after this time, though nothing has changed. */
const renewMs = 7 * dayMs;
/** How long indexes can be had that are none of the generation in force. */
const keptMs = 7 * dayMs;
/** HTTP tells times of change by the second: no two generations are of the same. */
const apartMs = 1_000;

const index = z.object({ path: z.string(), sha256, sizeBytes: z.number() });
const part = z.object({ component: z.string(), architecture: z.string() });
const stored = z.object({
  /** Of all that it lists. */
  stamp: z.string(),
  createdMs: z.number(),
  parts: z.array(part),
  indexes: z.array(index),
  packages: z.array(z.string()),
  release: z.string(),
  inRelease: z.string(),
  signature: z.string(),
});
export type HostedGeneration = Readonly<z.output<typeof stored>>;

const storedIndex = z.object({
  sizeBytes: z.number(),
  goneMs: z.number().nullable(),
  packages: z.array(z.string()),
});

export interface SuiteName {
  readonly archive: string;
  readonly suite: string;
}

/** Whose key it is signed with. */
export interface Hosting {
  /** Absolute path; `null`: the origin's own. */
  readonly signingKey: string | null;
}

const generationKey = (route: string, { archive, suite }: SuiteName): DocumentKey => [
  'apt-generation',
  route,
  archive,
  suite,
];
const indexesPrefix = (route: string, { archive, suite }: SuiteName): DocumentKey => [
  'apt-index',
  route,
  archive,
  suite,
];
const heldBy = (
  route: string,
  { archive, suite }: SuiteName,
  blob: HostedGeneration['indexes'][number]['sha256'],
) => blobReferenceKey(blob, ['apt', route, archive, suite]);

/** As it is, whatever has changed since. `null`: there is none. */
export async function generationInForce(name: SuiteName, at: Pulling): Promise<HostedGeneration | null> {
  const found = await storesOf(at.door).metadata.get(generationKey(at.registry.route, name));
  return found && stored.parse(found.value);
}

/** The one in force, with whatever has changed by now. `null`: there is no such suite. */
export async function currentGeneration(
  name: SuiteName,
  hosting: Hosting,
  at: Pulling,
): Promise<HostedGeneration | null> {
  const { route, clock } = at.registry;
  const { metadata } = storesOf(at.door);
  const shelved = await shelvedIn(name, route, metadata);
  const before = await generationInForce(name, at);
  if (shelved.length === 0 && before === null) return null;
  const stamp = stampOf(shelved);
  if (before !== null && before.stamp === stamp && clock.now() - before.createdMs < renewMs) return before;
  const parts = partsOf(shelved, before?.parts ?? []);
  const written = await writeIndexes(shelved, parts);
  const packages = [...new Set(shelved.map(({ name }) => name))];
  return withBlobs(at, async (hold) => {
    const held: (WrittenIndex & { readonly held: Held })[] = [];
    for (const one of written) held.push({ ...one, held: await hold(new Uint8Array(one.bytes)) });
    const indexes = held.map(({ path, held: { sha256, sizeBytes } }) => ({ path, sha256, sizeBytes }));
    const createdMs = Math.max(clock.now(), (before?.createdMs ?? 0) + apartMs);
    const release = writeRelease({
      ...{ origin: name.archive, suite: name.suite, parts, indexes },
      ...{ dateMs: createdMs, validUntilMs: createdMs + validMs },
    });
    const key = await signingKeyOf({ metadata }, route, hosting.signingKey, clock.now());
    const { inRelease, detached: signature } = await key.sign(release, clock.now());
    const made = { stamp, createdMs, parts: [...parts], indexes, packages, release, inRelease, signature };
    const put = await metadata.transact(async (transaction) => {
      const meanwhile = await transaction.get(generationKey(route, name));
      const other = meanwhile && stored.parse(meanwhile.value);
      // Somebody else has made one: his, or the next reader makes another.
      if (other !== null && other.createdMs !== before?.createdMs) return other;
      for (const { held: its } of held) await its.pin.replace(transaction);
      await putIndexes(transaction, { route, name, made, nowMs: clock.now() });
      await transaction.put(generationKey(route, name), made);
      return made;
    });
    if (put === made) for (const { held: its } of held) its.pin.settle();
    return put;
  });
}

interface Putting {
  readonly route: string;
  readonly name: SuiteName;
  readonly made: HostedGeneration;
  readonly nowMs: number;
}

async function putIndexes(transaction: Transaction, { route, name, made, nowMs }: Putting): Promise<void> {
  const own = new Set<string>(made.indexes.map(({ sha256 }) => sha256));
  const prefix = indexesPrefix(route, name);
  for await (const { key, value } of allBelow(transaction, prefix)) {
    const known = storedIndex.parse(value);
    const blob = sha256.parse(key.at(-1));
    if (own.has(blob)) continue;
    if (known.goneMs === null) await transaction.put(key, { ...known, goneMs: nowMs });
    else if (nowMs - known.goneMs > keptMs) {
      await transaction.delete(key);
      await transaction.delete(heldBy(route, name, blob));
    }
  }
  for (const { sha256: blob, sizeBytes } of made.indexes) {
    await transaction.put([...prefix, blob], { sizeBytes, goneMs: null, packages: made.packages });
    await transaction.put(heldBy(route, name, blob), { sinceMs: nowMs });
  }
}

/** An index of this or an earlier generation; `null`: there is none of this hash. */
export async function indexByHash(
  name: SuiteName,
  blob: string,
  at: Pulling,
): Promise<{ readonly sizeBytes: number; readonly packages: readonly string[] } | null> {
  const found = await storesOf(at.door).metadata.get([...indexesPrefix(at.registry.route, name), blob]);
  return found && storedIndex.parse(found.value);
}

/** All that is in the suite, of whatever package. */
async function shelvedIn(
  { archive, suite }: SuiteName,
  route: string,
  reader: DocumentReader,
): Promise<readonly Shelved[]> {
  const shelved: Shelved[] = [];
  for await (const { key, value } of allBelow(reader, ['registry-file', route])) {
    const [, , name = '', version = '', file = ''] = key;
    const record = asFile(value);
    if (record.state !== 'there' || !file.startsWith(`${archive}/pool/${suite}/`)) continue;
    shelved.push(shelvedFrom(name, version, fileOf(file, record)));
  }
  return shelved;
}

function stampOf(shelved: readonly Shelved[]): string {
  const lines = shelved.map(({ file: { name, blob } }) => `${name} ${blob}\n`).sort();
  return new Bun.CryptoHasher('sha256').update(lines.join('')).digest('hex');
}
