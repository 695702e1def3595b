/**
 * Takes away what no rule of retention keeps: tags; manifests with their last tag; manifests that nothing holds. In steps of a few, each
 * of which looks again whether what it takes is still what the rules have been asked about. So it runs while others push, and may be
 * stopped at any moment.
 */
import type { RetainJob } from '../../../../protocol.ts';
import type { DocumentKey } from '../../../../store.ts';
import { type Digest, readDigest } from '../../digest.ts';
import {
  allBelow,
  asManifest,
  asTag,
  findManifest,
  findTag,
  type ManifestRecord,
  manifestsPrefix,
  repositoriesPrefix,
  type TagRecord,
  taggedPrefix,
  tagsPrefix,
  type Where,
} from '../record.ts';
import { isTagged, takeTag } from '../take-away.ts';
import { takeLeft } from './left.ts';
import { newestOf, type Tagged } from './newest.ts';
import { days, type RepositoryRules } from './rules.ts';
import { counted, inOneStep, isHeld, type Retaining, type Step, takeIfLoose } from './step.ts';

/** Tags, or manifests, that go in one transaction. */
const atOnce = 20;
/** Manifests in a page: each may name two thousand others. */
const page = 100;

export async function applyRetention(context: Retaining, job: RetainJob): Promise<void> {
  const { route, hosted } = context;
  for await (const { key } of allBelow(job.stores.metadata, repositoriesPrefix(route))) {
    const at = { route, name: key[2] ?? '' };
    const rules = hosted.retention.forRepository(at.name);
    if (rules === null) continue;
    await retainTags(context, job, at, rules);
    if (rules.untaggedMs !== null) await retainUntagged(context, job, at, rules.untaggedMs);
  }
  if (!job.dryRun) await takeLeft(context, job);
}

interface Candidate extends Tagged {
  readonly digest: Digest;
  readonly why: string;
}

type VerdictOn = (tagged: Tagged) => ReturnType<RepositoryRules['verdictOn']>;

async function retainTags(
  context: Retaining,
  job: RetainJob,
  at: Where,
  rules: RepositoryRules,
): Promise<void> {
  const oldest = await oldestKept(job, at, rules);
  const nowMs = context.clock.now();
  const verdictOn: VerdictOn = (tagged) => rules.verdictOn(tagged, oldest, nowMs);
  let going: Candidate[] = [];
  const go = async () => {
    const some = going;
    going = [];
    if (some.length > 0) await inOneStep(context, job, at, (step) => takeTags(step, some));
  };
  for await (const { key, value } of allBelow(job.stores.metadata, tagsPrefix(at))) {
    await job.pace?.();
    const record = asTag(value);
    const tagged = taggedOf(key, record);
    const verdict = verdictOn(tagged);
    if (!verdict.goes) continue;
    const candidate = { ...tagged, digest: record.digest, why: verdict.why };
    if (job.dryRun) await foretell(job, at, candidate, verdictOn);
    else if (going.push(candidate) === atOnce) await go();
  }
  await go();
}

/** Of what each rule keeps by number. */
async function oldestKept(
  job: RetainJob,
  at: Where,
  rules: RepositoryRules,
): Promise<readonly (Tagged | null)[]> {
  const newest = rules.keeps.map(newestOf);
  if (newest.length === 0) return [];
  for await (const { key, value } of allBelow(job.stores.metadata, tagsPrefix(at))) {
    await job.pace?.();
    const tagged = taggedOf(key, asTag(value));
    for (const rule of rules.about(tagged.tag)) newest[rule]?.add(tagged);
  }
  return newest.map(({ oldest }) => oldest);
}

function taggedOf(key: DocumentKey, { movedMs, pushedMs = movedMs }: TagRecord): Tagged {
  return { tag: key.at(-1) ?? '', pushedMs };
}

async function takeTags(step: Step, candidates: readonly Candidate[]): Promise<void> {
  const { transaction, at } = step;
  for (const { tag, digest, pushedMs, why } of candidates) {
    const record = await findTag(transaction, at, tag);
    // Pushed again meanwhile, or gone.
    if (record === null || record.digest !== digest || taggedOf([tag], record).pushedMs !== pushedMs)
      continue;
    step.selectors.push(...(await takeTag(transaction, step, tag, record)));
    step.gone.push({ what: 'tag', name: tag, why, isAbout: false });
    await takeIfLoose(step, digest, noTag);
  }
}

const noTag = 'no tag stands for it any more';

/** What would go: a tag, and its manifest with it, unless another tag stays or something else holds it. */
async function foretell(
  { stores: { metadata }, count, note }: RetainJob,
  at: Where,
  { tag, digest, why }: Candidate,
  verdictOn: VerdictOn,
): Promise<void> {
  count(counted.tag);
  note(`${at.name}:${tag}: ${why}`);
  // Of several that go, the last one by name takes the manifest along.
  const all = taggedPrefix(at, digest);
  if ((await metadata.scan(all, { after: [...all, tag], limit: 1 })).length > 0) return;
  for await (const { key } of allBelow(metadata, all)) {
    const other = key.at(-1) ?? '';
    const record = other === tag ? null : await findTag(metadata, at, other);
    if (record !== null && !verdictOn(taggedOf([other], record)).goes) return;
  }
  const manifest = await findManifest(metadata, at, digest);
  if (manifest === null || (await isHeld(metadata, at, digest, manifest))) return;
  count(counted.manifest);
  note(`${at.name}@${digest}: ${noTag}`);
}

async function retainUntagged(
  context: Retaining,
  job: RetainJob,
  at: Where,
  untaggedMs: number,
): Promise<void> {
  const { metadata } = job.stores;
  const beforeMs = context.clock.now() - untaggedMs;
  const why = `nothing has held it for ${days(untaggedMs)}`;
  let going: Digest[] = [];
  const go = async () => {
    const some = going;
    going = [];
    await inOneStep(context, job, at, async (step) => {
      for (const digest of some) {
        const found = await findManifest(step.transaction, at, digest);
        if (found !== null && looseSince(found) < beforeMs) await takeIfLoose(step, digest, why);
      }
    });
  };
  for await (const { key, value } of allBelow(metadata, manifestsPrefix(at), page)) {
    await job.pace?.();
    const digest = readDigest(key.at(-1) ?? '');
    const record = asManifest(value);
    if (digest === null || looseSince(record) >= beforeMs) continue;
    if (await isTagged(metadata, at, digest)) continue;
    if (await isHeld(metadata, at, digest, record)) continue;
    if (job.dryRun) {
      job.count(counted.manifest);
      job.note(`${at.name}@${digest}: ${why}`);
    } else if (going.push(digest) === atOnce) await go();
  }
  if (going.length > 0) await go();
}

function looseSince({ pushedMs, looseMs = 0 }: ManifestRecord): number {
  return Math.max(pushedMs, looseMs);
}
