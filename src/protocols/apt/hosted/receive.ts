/**
 * What changes suites that live here. A package is sent as it is:
 *
 *     PUT    /<archive>/pool/<suite>/<component>/<file>.deb
 *     POST   /<archive>/<suite>/<component>                      its own fields say what it is called
 *     DELETE /<archive>/pool/<suite>/<component>/<file>.deb
 */
import type { Answer } from '../../../entry.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing, Write } from '../../registry/ecosystem.ts';
import { type Held, withBlob } from '../../registry/hosted/blob.ts';
import { findFile, findVersion } from '../../registry/hosted/find.ts';
import { publish } from '../../registry/hosted/publish.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { remove } from '../../registry/hosted/remove.ts';
import { fileNameOf, inspectDeb } from '../deb.ts';
import { suiteTag } from '../item.ts';
import { encoded, locate, poolNameIn } from '../path.ts';
import { addressOf, fileOn, isWord, metaOf, type Shelf, shelfIn } from './package.ts';

export function wantedChange(method: string, path: string): Write | null {
  if (method !== 'PUT' && method !== 'POST' && method !== 'DELETE') return null;
  const found = locate(path);
  if (found === null) return null;
  if ('malformed' in found) return { as: 'malformed', why: found.malformed };
  if (method === 'POST') {
    const [suite = '', component = '', ...more] = found.path.split('/');
    if (more.length > 0 || !isWord(suite, component) || suite === 'pool' || suite === 'dists') return null;
    return { as: 'change', what: 'upload', action: 'publish', name: null, bringsBlob: true };
  }
  const name = shelfIn(found.archive, found.path) && poolNameIn(found.path)?.name;
  if (!name)
    return {
      as: 'malformed',
      why: 'A package has the address /<archive>/pool/<suite>/<component>/<name>_<version>_<architecture>.deb.',
    };
  return method === 'PUT'
    ? { as: 'change', what: 'upload', action: 'publish', name, bringsBlob: true }
    : { as: 'change', what: 'delete', action: 'delete', name, bringsBlob: false };
}

export function receive(what: string, at: Changing): Promise<Answer> {
  const found = locate(at.path);
  if (found === null || 'malformed' in found) throw new Refusal(400, 'This is no address of an archive.');
  const { archive, path } = found;
  if (at.registry.sources.named(archive) !== null)
    throw new Refusal(
      403,
      `${archive} is an upstream's archive. Suites that live here are in archives of their own.`,
    );
  const shelf = shelfIn(archive, path);
  if (what === 'delete' && shelf !== null) return takeAway(shelf, at);
  const [suite = '', component = ''] = path.split('/');
  return shelf === null ? takeIn({ archive, suite, component }, null, at) : takeIn(shelf, shelf.file, at);
}

/** @param file as the address calls it; `null`: it does not. */
function takeIn(shelf: Shelf, file: string | null, at: Changing): Promise<Answer> {
  return withBlob(at, at.ask.exchange.body(), { hash: ['md5'] }, async (held) => {
    const contents = await inspectDeb((from, length) => readPart(held, from, length), held.sizeBytes);
    const own = fileNameOf(contents);
    if (file !== null && file !== own && file.replace(/%3a/gi, ':') !== own)
      throw new Refusal(400, `The package says that it is ${own}, the address ${file}.`);
    await refuseOther(shelf, contents.name, contents.version, own, held.sha256, at);
    const { name, version } = contents;
    const address = fileOn(shelf, contents);
    const { isNew, files } = await publish(at, {
      ...{ name, version, meta: {}, onExisting: 'add' },
      files: [{ name: address, held, meta: metaOf(shelf, contents) }],
      outdates: [suiteTag(shelf.archive, shelf.suite)],
    });
    return ownAnswer(
      isNew || files.length > 0 ? 201 : 200,
      'text/plain; charset=utf-8',
      `/${encoded(address)}\n`,
    );
  });
}

async function readPart(held: Held, from: number, length: number): Promise<Uint8Array> {
  const to = Math.min(from + length, held.sizeBytes) - 1;
  return to < from ? new Uint8Array() : held.read({ from, to });
}

/** apt knows a package by its name, version and architecture: in all suites of an archive, that is the same bytes. */
async function refuseOther(
  { archive }: Shelf,
  name: string,
  version: string,
  file: string,
  sha256: string,
  at: Changing,
): Promise<void> {
  const found = await findVersion(at, name, version);
  const other = found?.files.find(
    (its) => its.name.startsWith(`${archive}/`) && its.name.endsWith(`/${file}`) && its.blob !== sha256,
  );
  if (other !== undefined)
    throw new Refusal(
      409,
      `${file} has been published with other bytes, as ${other.name}, and stays what it is.`,
    );
}

async function takeAway(shelf: Shelf & { readonly file: string }, at: Changing): Promise<Answer> {
  const name = poolNameIn(shelf.file)?.name ?? '';
  const file = addressOf(shelf, shelf.file);
  const found = await findFile(at, name, file);
  await remove(at, {
    ...{ name, version: found?.version ?? '', file },
    outdates: [suiteTag(shelf.archive, shelf.suite)],
  });
  return ownAnswer(200, 'text/plain; charset=utf-8', `${file} is gone.\n`);
}
