/**
 * What `dotnet restore` asks for: which versions there are, and packages. A package is compared with the digest in the upstream's catalogue, where
 * its registration leads to one; else with what came first, because no upstream gives other bytes to a version.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { type Digest, fromIntegrity } from '../../http/digest.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFile } from '../registry/file.ts';
import { readItem } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { fetchWhole } from '../registry/upstream.ts';
import { digestItem } from './address.ts';
import { anywhereOf, resourceOf } from './feed.ts';
import { jsonIn } from './json.ts';
import { lowerVersion } from './name.ts';
import { leafOf, timesOf } from './pull-registration.ts';
import { timeIn } from './registration.ts';

const listShape = z.object({ versions: z.array(z.string()).max(100_000) });
const json = 'application/json';

export async function pullVersions(item: Item, id: string, at: Pulling): Promise<Answer> {
  const needsTime = at.registry.policy?.needsTime(id) === true;
  return pullFirst('flat', id, item, at, (flat) =>
    pullIndex(
      item,
      {
        ...{ path: `/${id}/index.json`, revision: 1, sources: [flat] },
        async derive(bytes, { judge }) {
          const { versions } = jsonIn(bytes, listShape, `The list of versions of ${id}`);
          const times = needsTime ? await timesOf(id, at) : null;
          const left = versions.flatMap((version) => {
            const lower = lowerVersion(version);
            if (lower === null) return [];
            const publishedMs = times?.get(lower) ?? null;
            return judge.against({ version: lower, publishedMs }) === null ? [lower] : [];
          });
          return { body: JSON.stringify({ versions: left }), type: json };
        },
      },
      at,
    ),
  );
}

export async function pullPackage(item: Item, id: string, at: Pulling): Promise<Answer> {
  const version = item.version ?? '';
  const { sha512, publishedMs } = await factsOf(id, version, at);
  const digest = item.kind === 'package' && sha512 !== null ? fromIntegrity(`sha512-${sha512}`) : undefined;
  const file = item.path.slice(item.path.indexOf(`${id}/`));
  return pullFirst('flat', id, item, at, (source) =>
    pullFile(
      item,
      {
        ...{ source, url: `/${file}`, digest: digest ?? null, type: typeOf(item.kind) },
        ...{ version, publishedMs },
        neverChanges: true,
      },
      at,
    ),
  );
}

function typeOf(kind: string): string {
  if (kind === 'package') return 'application/octet-stream';
  return kind === 'manifest' ? 'application/xml' : 'text/markdown; charset=utf-8';
}

/** Of the sources that may have it, the first that has such a resource, and it. */
async function pullFirst(
  kind: 'flat',
  id: string,
  item: Item,
  at: Pulling,
  pull: (source: Source) => Promise<Answer>,
): Promise<Answer> {
  let last: Answer | null = null;
  for (const source of at.registry.sources.of(id)) {
    const place = await resourceOf(source, kind, at);
    if (place === null) continue;
    last = await pull(place);
    if (last.status !== 404 && last.status !== 410) return last;
  }
  return last ?? errorAnswer(at.registry.ecosystem, 404, `There is no ${item.path}.`);
}

const factsShape = z.object({ sha512: z.string().nullable(), publishedMs: z.number().nullable() });
type Facts = z.output<typeof factsShape>;

async function factsOf(id: string, version: string, at: Pulling): Promise<Facts> {
  const { status, bytes } = await readItem(digestItem(id, version), at);
  if (status !== 200)
    throw new MeridianError('upstream-invalid', `What is known of ${id} ${version} answers ${status}.`);
  return jsonIn(bytes, factsShape, `What is known of ${id} ${version}`);
}

const catalogShape = z.looseObject({
  packageHash: z.string().optional(),
  packageHashAlgorithm: z.string().optional(),
  published: z.string().optional(),
  created: z.string().optional(),
});

/** What an upstream says of one version for good: for the origin alone. */
export async function pullDigest(item: Item, id: string, at: Pulling): Promise<Answer> {
  const version = item.version ?? '';
  const found = await leafOf(id, version, at);
  const facts = found === null ? { sha512: null, publishedMs: null } : await inCatalogue(found, at);
  // A version never changes, but what is not known of it yet may be known soon.
  const cacheControl = facts.sha512 === null ? 'public, max-age=60' : 'public, max-age=604800';
  return documentAnswer({ body: JSON.stringify(facts), type: json }, at.ask.stored, cacheControl);
}

async function inCatalogue(
  { source, leaf }: NonNullable<Awaited<ReturnType<typeof leafOf>>>,
  at: Pulling,
): Promise<Facts> {
  const { catalogEntry, published } = leaf;
  let entry = catalogShape.safeParse(catalogEntry).data ?? {};
  if (typeof catalogEntry === 'string' && URL.canParse(catalogEntry)) {
    const { status, bytes } = await fetchWhole(anywhereOf(source, catalogEntry), catalogEntry, {}, at);
    if (status !== 200 && status !== 404 && status !== 410)
      throw new MeridianError('upstream-invalid', `The catalogue of ${source.name} answers ${status}.`);
    if (status === 200) entry = jsonIn(bytes, catalogShape, `The catalogue of ${source.name}`);
  }
  const isSha512 = entry.packageHashAlgorithm === undefined || /^sha-?512$/i.test(entry.packageHashAlgorithm);
  const digest: Digest | undefined =
    isSha512 && entry.packageHash !== undefined ? fromIntegrity(`sha512-${entry.packageHash}`) : undefined;
  return {
    sha512: digest?.value ?? null,
    // What has been taken off the lists says 1900 for when it was published, and still says when it was made.
    publishedMs: timeIn(published) ?? timeIn(entry.published) ?? timeIn(entry.created),
  };
}
