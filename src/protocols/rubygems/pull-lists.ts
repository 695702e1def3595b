/** Lists of all gems: their names, and the three of old. Of several places, and of what lives here, they are joined. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf } from '../kept-for.ts';
import { type Document, documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { namesOf } from '../registry/hosted/find.ts';
import type { Source } from '../registry/sources.ts';
import { fetchWhole, passError } from '../registry/upstream.ts';
import { compactDocument } from './compact.ts';
import { type Build, readNumber } from './file-name.ts';
import { ownGem } from './hosted/builds.ts';
import { readSpecs, SpecsError, writeSpecs } from './specs-index.ts';
import { versions } from './version.ts';

const gzipType = 'application/gzip';

export function pullNames(item: Item, at: Pulling): Promise<Answer> {
  return pullList(item, at, compactDocument, async (parts) => {
    const names = new Set<string>();
    for (const { bytes, takes } of parts) for (const name of namesIn(bytes)) if (takes(name)) names.add(name);
    for await (const { name } of ownBuilds(at)) names.add(name);
    return compactDocument(['---', ...[...names].sort(), ''].join('\n'));
  });
}

export function pullSpecs(item: Item, at: Pulling): Promise<Answer> {
  const asIs = (bytes: Uint8Array): Document => ({ body: bytes, type: gzipType });
  return pullList(item, at, asIs, async (parts) => {
    const builds: Build[] = [];
    for (const { bytes, takes, source } of parts) {
      const read = await readSpecs(bytes, at.registry.maxIndexBytes).catch((cause: unknown) => {
        if (!(cause instanceof SpecsError)) throw cause;
        throw new MeridianError('upstream-invalid', `${item.path} of ${source.name} ${cause.message}.`, {
          cause,
        });
      });
      for (const build of read) if (takes(build.name)) builds.push(build);
    }
    const own: Build[] = [];
    for await (const build of ownBuilds(at)) own.push(build);
    builds.push(...listed(item.path, own));
    return { body: await writeSpecs(builds), type: gzipType };
  });
}

/** What of them stands in a list of old: releases, pre-releases, or the highest of each platform. */
function listed(path: string, own: readonly Build[]): readonly Build[] {
  const isPre = ({ version }: Build) => versions.isPrerelease(version);
  if (path.startsWith('prerelease')) return own.filter(isPre);
  const released = own.filter((build) => !isPre(build));
  if (path.startsWith('specs')) return released;
  const latest = new Map<string, Build>();
  for (const build of released) {
    const key = `${build.name} ${build.platform}`;
    const known = latest.get(key);
    if (known === undefined || versions.compare(build.version, known.version) > 0) latest.set(key, build);
  }
  return [...latest.values()];
}

/** What lives here and all may read. */
async function* ownBuilds(at: Pulling): AsyncGenerator<Build, void, undefined> {
  const { hosted } = at.registry;
  if (hosted === null) return;
  for await (const name of namesOf(at)) {
    if (!hosted.claims(name) || at.registry.isRestricted(name)) continue;
    for (const number of (await ownGem(name, at))?.numbers ?? []) {
      const build = readNumber(number);
      if (build !== null) yield { name, ...build };
    }
  }
}

interface Part {
  readonly source: Source;
  readonly bytes: Uint8Array;
  /** Whether what it says of a gem counts. */
  takes(name: string): boolean;
}

/** As it is, of a single upstream where nothing lives here; else joined. */
async function pullList(
  item: Item,
  at: Pulling,
  asIs: (bytes: Uint8Array) => Document,
  join: (parts: readonly Part[]) => Promise<Document>,
): Promise<Answer> {
  const { sources, hosted, metadata, ecosystem } = at.registry;
  const [only] = sources.of(null);
  const path = `/${item.path}`;
  if (hosted === null && sources.all.length === 1 && only !== undefined)
    return pullIndex(item, { path, revision: 1, derive: asIs }, at);
  const parts: Part[] = [];
  let headers = new Headers();
  for (const source of sources.all) {
    const found = await fetchWhole(source, path, {}, at);
    if (found.status === 404) continue;
    if (found.status !== 200) return passError({ ...found, body: null }, item.path, at.registry);
    headers = found.headers;
    parts.push({ source, bytes: found.bytes, takes: (name) => sources.of(name).includes(source) });
  }
  if (parts.length === 0 && hosted === null) return errorAnswer(ecosystem, 404, `There is no ${item.path}.`);
  return documentAnswer(await join(parts), at.ask.stored, cacheControlOf(metadata, headers));
}

function namesIn(bytes: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(bytes).split('\n');
  return lines.slice(lines.indexOf('---') + 1).filter((name) => name !== '');
}
