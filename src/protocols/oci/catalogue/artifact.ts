/** One manifest in full: what it is made of, how large that is, and what refers to it. */
import type { Artifact, ArtifactChild, ArtifactLayer } from '../../../catalogue.ts';
import { type Digest, readDigest } from '../digest.ts';
import { type Child, type Outline, outlineOf, type Part } from '../outline.ts';
import { isTag } from '../path.ts';
import { fileNameOf, longestConfig, type ReadConfig, readConfig } from './config.ts';
import type { Content } from './content.ts';

/** Children of an index that are weighed. */
const mostChildren = 200;
/** An index may hold others. */
const deepest = 3;

/** @param reference a tag or a digest. `null`: there is none. */
export async function artifactOf(content: Content, reference: string): Promise<Artifact | null> {
  const digest = isTag(reference) ? await content.resolve(reference) : readDigest(reference);
  const found = digest && (await content.manifest(digest));
  if (!found || digest === null) return null;
  const outline = outlineOf(found.bytes, found.mediaType);
  if (outline === null) return null;
  const children = await childrenOf(content, outline);
  const parts = new Map<Digest, number>([[digest, found.bytes.byteLength]]);
  for (const [part, sizeBytes] of [...partsOf(outline), ...children.flatMap((each) => [...each.parts])])
    parts.set(part, sizeBytes);
  const shared = await content.shared([...parts.keys()]);
  const config = outline.config && (await configOf(content, outline.config));
  const [tags, referrers] = await Promise.all([content.tagsOf(digest), content.referrers(digest)]);
  const { kind, artifactType, platforms, mediaType, annotations, subject } = outline;
  const isWhole = children.every(({ told }) => told.isHere);
  return {
    ...{ digest, kind, artifactType, mediaType, annotations, subject, tags, referrers },
    platforms: config?.told.platform && kind === 'image' ? [config.told.platform] : platforms,
    manifestBytes: found.bytes.byteLength,
    sizeBytes: sumOf(parts),
    sizes: shared && sizesOf(parts, shared),
    ...{ pushedMs: found.pushedMs, publisher: found.publisher },
    ...{ kept: content.kept, access: content.access },
    blocked: null,
    children: children.map(({ told }) => told),
    config: outline.config && config && { ...describedConfig(outline.config), ...config.told },
    layers: layersOf(outline, config?.history ?? [], shared),
    note: isWhole
      ? null
      : 'Not all that it names is here: what is missing is told, and counted, by what the index says of it',
  };
}

/** Texts that describe an image: its own, those of its first part, and the labels that were built in. */
export async function wordsOf(content: Content, digest: Digest) {
  const found = await content.manifest(digest);
  const outline = found && outlineOf(found.bytes, found.mediaType);
  if (!outline) return null;
  const first = outline.children.find(({ kind }) => kind !== 'attestation');
  const below = first && (await content.manifest(first.digest));
  const inner = below ? outlineOf(below.bytes, below.mediaType) : outline;
  const config = inner?.config && (await configOf(content, inner.config));
  const texts = { ...config?.told.labels, ...inner?.annotations, ...outline.annotations };
  return { outline, texts, chart: config?.chart ?? null };
}

interface FoundChild {
  readonly told: ArtifactChild;
  /** Bytes of all that it is made of, and its own. */
  readonly parts: ReadonlyMap<Digest, number>;
}

async function childrenOf(
  content: Content,
  { children }: Outline,
  depth = 1,
): Promise<readonly FoundChild[]> {
  const found: FoundChild[] = [];
  for (const child of children.slice(0, mostChildren)) found.push(await childOf(content, child, depth));
  return found;
}

async function childOf(content: Content, child: Child, depth: number): Promise<FoundChild> {
  const { digest, platform, sizeBytes } = child;
  const found = await content.manifest(digest);
  const outline = found && outlineOf(found.bytes, found.mediaType);
  if (!outline) {
    const told = { digest, platform, kind: child.kind, sizeBytes: null, isHere: false };
    return { told, parts: new Map([[digest, sizeBytes]]) };
  }
  const parts = new Map([[digest, sizeBytes], ...partsOf(outline)]);
  if (depth < deepest)
    for (const inner of await childrenOf(content, outline, depth + 1))
      for (const [part, size] of inner.parts) parts.set(part, size);
  const told = { digest, platform, kind: child.kind ?? outline.kind, sizeBytes: sumOf(parts), isHere: true };
  return { told, parts };
}

function partsOf({ config, layers }: Outline): readonly (readonly [Digest, number])[] {
  return [...(config ? [config] : []), ...layers].map(({ digest, sizeBytes }) => [digest, sizeBytes]);
}

function sumOf(parts: ReadonlyMap<Digest, number>): number {
  return [...parts.values()].reduce((sum, size) => sum + size, 0);
}

function sizesOf(parts: ReadonlyMap<Digest, number>, shared: ReadonlySet<Digest>) {
  const sharedBytes = sumOf(new Map([...parts].filter(([digest]) => shared.has(digest))));
  return { ownBytes: sumOf(parts) - sharedBytes, sharedBytes };
}

async function configOf(content: Content, { digest, sizeBytes }: Part): Promise<ReadConfig> {
  return readConfig(sizeBytes > longestConfig ? null : await content.blob(digest, longestConfig));
}

function describedConfig({ digest, mediaType, sizeBytes }: Part) {
  return { digest, mediaType, sizeBytes };
}

/** Steps are told of layers one by one where there is one for each. */
function layersOf(
  { layers }: Outline,
  history: ReadConfig['history'],
  shared: ReadonlySet<Digest> | null,
): readonly ArtifactLayer[] {
  const steps = history.length === layers.length ? history : [];
  return layers.map((layer, at) => ({
    ...describedConfig(layer),
    history: steps[at] ?? fileNameOf(layer),
    isShared: shared?.has(layer.digest) ?? null,
  }));
}
