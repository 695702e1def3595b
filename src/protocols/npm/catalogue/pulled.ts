/**
 * A package of another registry, in full: by the document that clients are given, through the origin's cache, with what the policy has taken
 * out of it, and why.
 */
import {
  type Amount,
  type Blocked,
  type Described,
  type DescribedVersion,
  mostVersions,
} from '../../../catalogue.ts';
import { asMeridianError, MeridianError } from '../../../errors.ts';
import type { Lent } from '../../../protocol.ts';
import { type Finding, refusesAll } from '../../registry/policy/judge.ts';
import { copyInPieces } from '../../turn.ts';
import { reasonsOf, untilOf } from '../../verdict.ts';
import type { ReadDocument } from '../canonical.ts';
import { type Mirrored, mirroredVersions } from '../mirror.ts';
import { indexResource, packumentResource, tarballResource } from '../name.ts';
import type { NpmOrigin } from '../origin.ts';
import { readCurrent } from '../policy/current.ts';
import { judge } from '../policy/judge.ts';
import { allHiddenInIndex } from '../tarball-index.ts';
import type { ToldVersion } from './packument.ts';

export async function describePulled(
  npm: NpmOrigin,
  name: string,
  cached: Amount,
  lent: Lent,
): Promise<Described | null> {
  await npm.policy?.ready();
  const mirrored = await mirroredVersions(npm.route, name, lent.origin);
  const known = { ...bare(name, cached), ...shown(keptOnly(mirrored), []) };
  const terms = npm.policy?.termsOf(name) ?? null;
  const all = terms && refusesAll(terms);
  if (all) return { ...known, blocked: blockedBy([all]) };
  const document = await readOrWhy(npm, name, lent);
  if (document instanceof MeridianError) {
    if (cached.versions === 0 && mirrored.size === 0) throw document;
    return { ...known, note: `The upstream cannot be asked: ${document.detail}` };
  }
  if (document.status === 404)
    return mirrored.size > 0 ? { ...known, note: 'The upstream has it no more' } : null;
  const hidden = await hiddenOf(npm, name, lent);
  if (document.status !== 200) {
    const [newest] = hidden;
    if (newest === undefined)
      throw new MeridianError('upstream-invalid', `The upstream answers ${document.status}`);
    return { ...bare(name, cached), ...shown([], hidden), blocked: newest.blocked };
  }
  const chunks = await copyInPieces(document.bytes);
  const { versions, versionCount, ...told } = await npm.deriver.run({ task: 'describe', chunks }, chunks);
  const found = versions.map((each) => placed(npm, name, each, mirrored, lent));
  return {
    ...bare(name, cached),
    ...told,
    ...shown(found, hidden),
    versionCount: versionCount + hidden.length,
  };
}

/** As clients get it, or why they do not. */
async function readOrWhy(
  npm: NpmOrigin,
  name: string,
  { ask, origin }: Lent,
): Promise<ReadDocument | MeridianError> {
  const resource = packumentResource(npm.route, 'full', name, npm.metadata);
  try {
    const read = await readCurrent(npm, name, resource, ask, origin);
    if (read.status < 500 && read.status !== 429) return read;
    return new MeridianError('upstream-invalid', `it answers ${read.status}`);
  } catch (thrown) {
    const error = asMeridianError(thrown);
    if (error.row.blame === 'upstream') return error;
    throw error;
  }
}

/** What the policy has taken out of the document, with its reasons. */
async function hiddenOf(
  npm: NpmOrigin,
  name: string,
  { ask, origin }: Lent,
): Promise<readonly DescribedVersion[]> {
  const terms = npm.policy?.termsOf(name) ?? null;
  if (terms === null) return [];
  const index = await readCurrent(npm, name, indexResource(npm.route, name, npm.metadata), ask, origin);
  if (index.status !== 200) return [];
  return allHiddenInIndex(index.bytes).map((facts): DescribedVersion => {
    const against = judge(terms, facts, npm.clock.now()).filter(({ passes }) => !passes);
    const { version, publishedMs } = facts;
    return { ...untold, version, publishedMs, blocked: against.length > 0 ? blockedBy(against) : null };
  });
}

function blockedBy(against: readonly Finding[]): Blocked {
  return { rules: against.map(({ rule }) => rule), why: reasonsOf(against), untilMs: untilOf(against) };
}

/** With where its file is, and how long that is where it is here. */
function placed(
  { route }: NpmOrigin,
  name: string,
  { file, ...told }: ToldVersion,
  mirrored: ReadonlyMap<string, Mirrored>,
  { held }: Lent,
): DescribedVersion {
  const isMirrored = mirrored.get(told.version);
  const cachedBytes = file === null ? null : held.sizeBytes(tarballResource(route, name, file));
  const kept = isMirrored ? 'mirrored' : cachedBytes === null ? 'upstream' : 'cached';
  return { ...told, blocked: null, sizeBytes: isMirrored?.sizeBytes ?? cachedBytes, kept };
}

function keptOnly(mirrored: ReadonlyMap<string, Mirrored>): readonly DescribedVersion[] {
  return [...mirrored].map(([version, { sizeBytes, integrity }]) => {
    return { ...untold, version, sizeBytes, digest: integrity, kept: 'mirrored' };
  });
}

const untold: Omit<DescribedVersion, 'version'> = {
  ...{ publishedMs: null, publisher: null, sizeBytes: null, unpackedBytes: null, digest: null },
  ...{ deprecated: null, yanked: false, blocked: null, dependencies: null, kept: 'upstream' },
};

function shown(
  found: readonly DescribedVersion[],
  hidden: readonly DescribedVersion[],
): Pick<Described, 'versions' | 'versionCount'> {
  const all = [...hidden, ...found].sort((a, b) => (b.publishedMs ?? 0) - (a.publishedMs ?? 0));
  return { versions: all.slice(0, mostVersions), versionCount: all.length };
}

function bare(name: string, { versions, bytes }: Amount): Described {
  return {
    ...{
      name,
      kind: 'cached',
      access: 'public',
      description: '',
      licence: null,
      keywords: [],
      homepage: null,
    },
    ...{ repository: null, maintainers: [], createdMs: null, modifiedMs: null, tags: {}, readme: null },
    ...{ versions: [], versionCount: 0, cached: { versions, bytes }, blocked: null, note: null },
  };
}
