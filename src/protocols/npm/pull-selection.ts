/**
 * At the origin: the parts of a packument that have an address of their own, cut out of the canonical
 * document in the origin's cache. They can be no newer than that, and no fresher.
 */
import type { Answer } from '../../entry.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { cacheControlOf } from '../kept-for.ts';
import { copyInPieces } from '../turn.ts';
import { answerWith, type Document, errorAnswer, passRead, type ReadDocument } from './canonical.ts';
import { mediaTypes } from './form.ts';
import type { SelectJob } from './job.ts';
import { indexResource, packumentResource } from './name.ts';
import type { NpmOrigin } from './origin.ts';
import { readCurrent } from './policy/current.ts';
import { refuseVersion } from './policy/refuse.ts';
import { hiddenInIndex } from './tarball-index.ts';

/** `GET /:name/:version-or-tag`. */
export async function pullManifest(
  npm: NpmOrigin,
  name: string,
  version: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const packument = await readCurrent(
    npm,
    name,
    packumentResource(npm.route, 'full', name, npm.metadata),
    ask,
    origin,
  );
  if (packument.status !== 200) return passRead(packument);
  const manifest = await select(npm, packument, { version });
  if (manifest === null) {
    return (
      (await refused(npm, name, version, ask, origin)) ?? errorAnswer(404, `version not found: ${version}`)
    );
  }
  const cacheControl = cacheControlOf(npm.metadata, packument.headers);
  return answerWith(
    manifest,
    { contentType: mediaTypes.full, cacheControl, vary: 'accept-encoding' },
    ask.stored,
  );
}

/** `null`: the policy does not hide it. */
async function refused(
  npm: NpmOrigin,
  name: string,
  version: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer | null> {
  if (npm.policy === null) return null;
  const index = await readCurrent(npm, name, indexResource(npm.route, name, npm.metadata), ask, origin);
  const facts = index.status === 200 ? hiddenInIndex(index.bytes, version) : null;
  return facts && refuseVersion(npm, name, facts);
}

/** `GET /-/package/:name/dist-tags`. */
export async function pullTags(npm: NpmOrigin, name: string, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const resource = packumentResource(npm.route, 'abbreviated', name, npm.metadata);
  const packument = await readCurrent(npm, name, resource, ask, origin);
  if (packument.status !== 200) return passRead(packument);
  const tags = await select(npm, packument, 'dist-tags');
  if (tags === null) return errorAnswer(404, `Not found: ${name}`);
  const cacheControl = cacheControlOf(npm.metadata, packument.headers);
  return answerWith(tags, { contentType: mediaTypes.full, cacheControl }, ask.stored);
}

async function select(
  npm: NpmOrigin,
  { bytes }: ReadDocument,
  part: SelectJob['part'],
): Promise<Document | null> {
  const chunks = await copyInPieces(bytes);
  return npm.deriver.run({ task: 'select', chunks, part }, chunks);
}
