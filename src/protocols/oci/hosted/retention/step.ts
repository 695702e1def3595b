/**
 * A few things that go in one transaction, by a rule: with a line in the audit log for each, and told to all nodes before the next few
 * go. Each is looked at again in the transaction that takes it.
 */
import type { Clock } from '../../../../clock.ts';
import type { RetainJob } from '../../../../protocol.ts';
import type { Selector } from '../../../../purge.ts';
import type { DocumentReader, Transaction } from '../../../../store.ts';
import type { Digest } from '../../digest.ts';
import { neededBy } from '../blobs.ts';
import type { Hosted } from '../claims.ts';
import { findManifest, type LeftRecord, leftKey, type ManifestRecord, type Where } from '../record.ts';
import { isTagged, takeManifest } from '../take-away.ts';
import { noteUntold, tell, type Withdrawn } from '../tell.ts';

export interface Retaining {
  readonly route: string;
  readonly hosted: Hosted;
  readonly clock: Clock;
  readonly withdrawn: Withdrawn;
}

interface Gone {
  readonly what: 'tag' | 'manifest';
  /** A tag, or a digest. */
  readonly name: string;
  readonly why: string;
  /** Whether it is about another manifest, and so may be its signature. */
  readonly isAbout: boolean;
}

export interface Step {
  readonly transaction: Transaction;
  readonly at: Where;
  readonly stores: RetainJob['stores'];
  readonly nowMs: number;
  /** What this step takes away, in order. */
  readonly gone: Gone[];
  /** What that makes outdated. */
  readonly selectors: Selector[];
}

export async function inOneStep(
  { clock, withdrawn }: Pick<Retaining, 'clock' | 'withdrawn'>,
  job: RetainJob,
  at: Where,
  work: (step: Step) => Promise<void>,
): Promise<void> {
  const { stores } = job;
  const { gone, untold } = await stores.metadata.transact(async (transaction) => {
    const step: Step = { transaction, at, stores, nowMs: clock.now(), gone: [], selectors: [] };
    await work(step);
    for (const each of step.gone) await writeDown(step, each);
    const { gone, selectors } = step;
    return { gone, untold: selectors.length === 0 ? null : await noteUntold(transaction, at, selectors) };
  });
  for (const { what } of gone) job.count(counted[what]);
  if (untold === null) return;
  const withdraw = gone.some(({ isAbout }) => isAbout) ? () => withdrawn(at.name, job) : undefined;
  await tell(untold, job, `What retention takes away from ${at.name}`, withdraw);
}

export const counted = { tag: 'expiredTags', manifest: 'expiredManifests' } as const;

async function writeDown({ transaction, at, stores, nowMs }: Step, { what, name, why }: Gone): Promise<void> {
  await stores.audit(transaction, {
    ...{ atMs: nowMs, by: 'retention', token: null, from: null, what: 'oci.expire' },
    subject: `${at.route} ${at.name}${what === 'tag' ? ':' : '@'}${name}`,
    detail: { why },
  });
}

/** A manifest that nothing holds. What it is made of, and what is about it, stays for a while (`left.ts`). */
export async function takeIfLoose(step: Step, digest: Digest, why: string): Promise<void> {
  const { transaction, at, nowMs } = step;
  const found = await findManifest(transaction, at, digest);
  if (found === null || (await isTagged(transaction, at, digest))) return;
  if (await isHeld(transaction, at, digest, found)) return;
  step.selectors.push(...(await takeManifest(transaction, step, digest, found, [])));
  step.gone.push({ what: 'manifest', name: digest, why, isAbout: found.subject !== null });
  const manifests: Digest[] = [];
  for (const needed of found.needs)
    if ((await findManifest(transaction, at, needed)) !== null) manifests.push(needed);
  await transaction.put(leftKey(at, digest), { sinceMs: nowMs, manifests } satisfies LeftRecord);
}

/** By an index, or by the manifest that it is about: whether it has a tag is another question. */
export async function isHeld(
  reader: DocumentReader,
  at: Where,
  digest: Digest,
  { subject }: ManifestRecord,
): Promise<boolean> {
  if ((await neededBy(reader, at, digest)) !== null) return true;
  return subject !== null && (await findManifest(reader, at, subject)) !== null;
}
