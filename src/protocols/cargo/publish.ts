/** What cargo does to crates that live here: `cargo publish`, `cargo yank`, and its undoing. */
import type { Answer } from '../../entry.ts';
import { ownAnswer } from '../registry/answers.ts';
import type { Changing } from '../registry/ecosystem.ts';
import { amend } from '../registry/hosted/amend.ts';
import { authorise, homeOf } from '../registry/hosted/authorise.ts';
import { withBlob } from '../registry/hosted/blob.ts';
import { findPackage, namesOf } from '../registry/hosted/find.ts';
import { publish } from '../registry/hosted/publish.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { inspectCrate } from './crate-file.ts';
import { readFrame } from './frame.ts';
import { types } from './item.ts';
import { alikeCrate, canonicalCrate } from './name.ts';
import { indexLineOf, type Publication, readPublication } from './publication.ts';
import { fileOf } from './serve.ts';
import { versions } from './version.ts';

export async function publishCrate(at: Changing): Promise<Answer> {
  const body = at.ask.exchange.body();
  if (body === null) throw new Refusal(400, 'There is no crate in the request.');
  const { json, crate } = await readFrame(body);
  try {
    const publication = readPublication(json);
    if (typeof publication === 'string') throw new Refusal(400, publication);
    await refuseUnlessFree(publication, at);
    return await withBlob(at, crate.body, { expect: { sizeBytes: crate.sizeBytes } }, async (held) => {
      await inspectCrate(await held.open(), { name: publication.name, version: publication.vers });
      await add(publication, held, at);
      return done({ warnings: { invalid_categories: [], invalid_badges: [], other: [] } });
    });
  } finally {
    await crate.body.cancel().catch(() => {}); // It has been read, or whoever sends it is told why it is not.
  }
}

/** Before the file is read: whoever may not publish it, or cannot, need not send it. */
async function refuseUnlessFree({ name }: Publication, at: Changing): Promise<void> {
  const canonical = canonicalCrate(name);
  authorise(at, 'publish', canonical);
  homeOf(at, canonical);
  if ((await findPackage(at, canonical)) !== null) return;
  for await (const other of namesOf(at)) {
    if (alikeCrate(other) !== alikeCrate(name)) continue;
    throw new Refusal(400, `There is a crate ${other}, from which nobody could tell ${name} at a glance.`);
  }
}

async function add(
  publication: Publication,
  held: Parameters<Parameters<typeof withBlob>[3]>[0],
  at: Changing,
): Promise<void> {
  const name = canonicalCrate(publication.name);
  const version = versions.canonical(publication.vers);
  const { description, documentation, homepage, repository, license, keywords, authors, readme, deps } =
    publication;
  const line = indexLineOf(publication, { sha256: held.sha256, publishedMs: at.registry.clock.now() });
  const about = { description, documentation, homepage, repository, license, keywords, authors, readme };
  await publish(at, {
    ...{ name, version, onExisting: 'refuse', takenStatus: 400 },
    meta: { line, about, dependencies: deps.length },
    files: [{ name: fileOf(name, version), held }],
  });
}

export async function yank(name: string, version: string, isYanked: boolean, at: Changing): Promise<Answer> {
  const amendment = { name, version: versions.canonical(version), action: isYanked ? 'yank' : 'unyank' };
  await amend(at, amendment, (before) => {
    return (before.yanked !== null) === isYanked ? before : { ...before, yanked: isYanked ? '' : null };
  });
  return done({ ok: true });
}

export function done(value: object): Answer {
  return ownAnswer(200, types.json, JSON.stringify(value));
}
