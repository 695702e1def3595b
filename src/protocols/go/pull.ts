/** What does not live here, from the upstreams: whatever may be used of it, and whatever it must be. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { cacheControlOf, immutable } from '../kept-for.ts';
import { documentAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import { refuseVersion } from '../registry/policy/refuse.ts';
import { hashOfGoMod } from './dirhash.ts';
import { maxRecordBytes, type VersionOf, verify } from './expected.ts';
import { firstOf } from './first.ts';
import { readInfo } from './info.ts';
import { addressOf, itemAt, types } from './item.ts';
import { maxInfoBytes } from './judged.ts';
import { usable, versionsIn } from './list.ts';
import { moduleBounds } from './module-files.ts';
import { latestOf } from './module-version.ts';
import { pullZip } from './pull-zip.ts';
import { readSumRecord } from './sum-record.ts';

/** A tile has 256 hashes of 32 bytes; one of data, 256 records. */
const maxTileBytes = 1024 * 1024;

/** @param database the one that versions are compared with; `null`: none. */
export async function pull(item: Item, database: string | null, at: Pulling): Promise<Answer> {
  const address = addressOf(item);
  switch (address?.of) {
    case 'list':
      return pullList(item, at);
    case 'latest':
      return pullLatest(item, address.module, at);
    case 'info':
    case 'query':
      return pullInfo(item, address, at);
    case 'mod':
      return pullMod(item, address, database, at);
    case 'zip':
      return pullZip(item, address, database, at);
    case 'lookup':
      return pullRecord(item, address, at);
    case 'sumdb':
      return address.what === 'tile' ? pullTile(item, at) : pullSumdb(item, at);
    default:
      throw new MeridianError('internal', `${item.path} is no address of a module.`);
  }
}

function pullList(item: Item, at: Pulling): Promise<Answer> {
  return pullIndex(
    item,
    {
      ...{ path: `/${item.path}`, revision: 1 },
      async derive(bytes, { judge }) {
        const versions = await usable(item.name ?? '', versionsIn(bytes), judge, at);
        return { body: versions.map((version) => `${version}\n`).join(''), type: types.text };
      },
    },
    at,
  );
}

/** Where the policy is against the latest version, the latest of those that it lets through. */
async function pullLatest(item: Item, module: string, at: Pulling): Promise<Answer> {
  const answer = await pullInfo(item, { module, version: 'latest' }, at);
  if (answer.status !== 403) return answer;
  const list = await readItem(itemAt({ of: 'list', module }), at);
  const version = list.status === 200 ? latestOf(versionsIn(list.bytes)) : null;
  if (version === null) return answer;
  const info = await readItem(itemAt({ of: 'info', module, version }), at, maxInfoBytes);
  if (info.status !== 200) return answer;
  return documentAnswer(
    { body: info.bytes, type: types.json },
    at.ask.stored,
    cacheControlOf(at.registry.metadata, new Headers()),
  );
}

async function pullInfo(item: Item, of: VersionOf, at: Pulling): Promise<Answer> {
  const found = await firstOf(item, maxInfoBytes, at);
  if (!('bytes' in found)) return found;
  const subject = `${of.module}@${of.version}`;
  const info = readInfo(found.bytes, subject);
  const isForGood = item.kind === 'info';
  if (isForGood && info.version !== of.version) {
    throw new MeridianError(
      'upstream-invalid',
      `Asked for ${subject}, the upstream tells of ${info.version}.`,
    );
  }
  const refusal = refuseVersion(item, info, at);
  if (refusal !== null) return refusal;
  const cacheControl = isForGood ? immutable : cacheControlOf(at.registry.metadata, found.headers);
  return documentAnswer({ body: found.bytes, type: types.json }, at.ask.stored, cacheControl);
}

/** Not judged: go reads the go.mod of every version that anything names, to choose among those that it may use. */
async function pullMod(item: Item, of: VersionOf, database: string | null, at: Pulling): Promise<Answer> {
  const found = await firstOf(item, moduleBounds.goMod, at);
  if (!('bytes' in found)) return found;
  await verify(hashOfGoMod(found.bytes), 'mod', of, database, at);
  return documentAnswer({ body: found.bytes, type: types.text }, at.ask.stored, immutable);
}

async function pullRecord(item: Item, { module, version }: VersionOf, at: Pulling): Promise<Answer> {
  const found = await firstOf(item, maxRecordBytes, at);
  if (!('bytes' in found)) return found;
  if (readSumRecord(new TextDecoder().decode(found.bytes), module, version) === null) {
    throw new MeridianError(
      'upstream-invalid',
      `What the checksum database says of ${module}@${version} is no record.`,
    );
  }
  return documentAnswer({ body: found.bytes, type: types.text }, at.ask.stored, immutable);
}

/** Whole or in part, a tile never changes: a part of it says how much of it there is in its address. */
async function pullTile(item: Item, at: Pulling): Promise<Answer> {
  const found = await firstOf(item, maxTileBytes, at);
  if (!('bytes' in found)) return found;
  return documentAnswer({ body: found.bytes, type: types.bytes }, at.ask.stored, immutable);
}

/** The head of a log grows; and whether an upstream has a database may change, too. */
function pullSumdb(item: Item, at: Pulling): Promise<Answer> {
  const derive = (body: Uint8Array) => ({ body, type: types.text });
  return pullIndex(item, { path: `/${item.path}`, maxBytes: maxRecordBytes, revision: 1, derive }, at);
}
