/**
 * What a manifest leaves behind that a rule has taken away: the manifests of an index, what refers to it, and tags that are about it.
 * They stay as long as blobs do that nobody needs, since somebody may be pushing what needs them, or the very same manifest; then they go,
 * unless something holds them by now, or they were pushed since.
 */
import type { RetainJob } from '../../../../protocol.ts';
import { type Digest, readDigest } from '../../digest.ts';
import { tagsAbout } from '../about.ts';
import {
  allBelow,
  asLeft,
  findManifest,
  findTag,
  type LeftRecord,
  leftKey,
  leftPrefix,
  referrersPrefix,
  type Where,
} from '../record.ts';
import { takeTag } from '../take-away.ts';
import { inOneStep, type Retaining, type Step, takeIfLoose } from './step.ts';

/** In one transaction. */
const atOnce = 20;

/** One thing that goes, if it still may. */
type Taking = (step: Step) => Promise<void>;

export async function takeLeft(context: Retaining, job: RetainJob): Promise<void> {
  const { route, hosted, clock } = context;
  const beforeMs = clock.now() - hosted.keepUnneededS * 1000;
  for await (const { key, value } of allBelow(job.stores.metadata, leftPrefix(route))) {
    const [, , name = '', text = ''] = key;
    const digest = readDigest(text);
    const left = asLeft(value);
    if (digest !== null && left.sinceMs < beforeMs)
      await takeAll(context, job, { route, name }, digest, left);
  }
}

async function takeAll(
  context: Retaining,
  job: RetainJob,
  at: Where,
  digest: Digest,
  left: LeftRecord,
): Promise<void> {
  let some: Taking[] = [];
  const go = async () => {
    const takings = some;
    some = [];
    await inOneStep(context, job, at, async (step) => {
      for (const take of takings) await take(step);
    });
  };
  for await (const taking of takingsOf(context, job, at, digest, left)) {
    await job.pace?.();
    if (some.push(taking) === atOnce) await go();
  }
  some.push((step) => forget(step, digest, left));
  await go();
}

async function* takingsOf(
  { hosted }: Retaining,
  { stores: { metadata } }: RetainJob,
  at: Where,
  digest: Digest,
  { manifests, sinceMs }: LeftRecord,
): AsyncGenerator<Taking, void, undefined> {
  for (const child of manifests)
    yield (step) => takeUnlessPushed(step, child, sinceMs, `${digest} needed it, and is gone`);
  const why = `it is about ${digest}, which is gone`;
  for await (const { key } of allBelow(metadata, referrersPrefix(at, digest))) {
    const referrer = readDigest(key.at(-1) ?? '');
    if (referrer !== null) yield (step) => takeUnlessPushed(step, referrer, sinceMs, why);
  }
  for await (const { tag } of tagsAbout(metadata, at, digest))
    if (!hosted.isImmutable(tag)) yield (step) => takeAbout(step, tag, digest, sinceMs, why);
}

async function takeUnlessPushed(step: Step, digest: Digest, sinceMs: number, why: string): Promise<void> {
  const found = await findManifest(step.transaction, step.at, digest);
  if (found !== null && found.pushedMs <= sinceMs) await takeIfLoose(step, digest, why);
}

/** A tag that is about a manifest, which may be back. */
async function takeAbout(
  step: Step,
  tag: string,
  digest: Digest,
  sinceMs: number,
  why: string,
): Promise<void> {
  const { transaction, at } = step;
  const record = await findTag(transaction, at, tag);
  if (record === null || (record.pushedMs ?? record.movedMs) > sinceMs) return;
  if ((await findManifest(transaction, at, digest)) !== null) return;
  step.selectors.push(...(await takeTag(transaction, step, tag, record)));
  step.gone.push({ what: 'tag', name: tag, why, isAbout: true });
  await takeIfLoose(step, record.digest, why);
}

/** Unless it was taken away anew meanwhile: then its time has begun again. */
async function forget({ transaction, at }: Step, digest: Digest, { sinceMs }: LeftRecord): Promise<void> {
  const key = leftKey(at, digest);
  const found = await transaction.get(key);
  if (found !== null && asLeft(found.value).sinceMs === sinceMs) await transaction.delete(key);
}
