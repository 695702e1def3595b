/**
 * Modules that come to live here: as the zip that the go command makes and reads (go.dev/ref/mod#zip-files), or as what `git archive` makes of a
 * repository, of which the module's zip is made here, by the rules by which the go command makes it.
 */
import type { Answer } from '../../entry.ts';
import { chunksOf } from '../bodies.ts';
import { ownAnswer } from '../registry/answers.ts';
import type { Changing } from '../registry/ecosystem.ts';
import { authorise, homeOf } from '../registry/hosted/authorise.ts';
import { type Held, withBlobs } from '../registry/hosted/blob.ts';
import { publish } from '../registry/hosted/publish.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { remove } from '../registry/hosted/remove.ts';
import { type ArchivedFile, contentOf, filesIn, hashOfFiles } from './archive.ts';
import { BadArchive } from './bad-archive.ts';
import type { VersionOf } from './expected.ts';
import { moduleIn, requirementsIn } from './go-mod.ts';
import { types } from './item.ts';
import { filesOfModule, moduleBounds, objectionToModuleZip } from './module-files.ts';
import { fitsModule } from './module-version.ts';
import { readGoPath } from './path.ts';
import { fileOf } from './serve.ts';
import { type Spooled, withSpooled } from './spooled.ts';
import { mostZipped, zipOf } from './zip-writer.ts';

export async function receive(what: string, at: Changing): Promise<Answer> {
  const address = readGoPath(at.path);
  if (!('version' in address))
    throw new Refusal(404, 'There is nothing at this address that could be changed.');
  if (what === 'remove') return takeAway(address, at);
  return takeIn(address, what === 'source', at);
}

async function takeAway({ module, version }: VersionOf, at: Changing): Promise<Answer> {
  await remove(at, { name: module, version, file: null });
  return said(200, `${module}@${version} has been taken away. Its number stays taken.`);
}

async function takeIn(of: VersionOf, isSource: boolean, at: Changing): Promise<Answer> {
  const { module, version } = of;
  authorise(at, 'publish', module);
  const { maxFileBytes } = homeOf(at, module);
  if (!fitsModule(version, module)) {
    throw new Refusal(
      400,
      `${module} cannot have the version ${version}: from v2 on, the path of a module ends in /v2.`,
    );
  }
  const body = at.ask.exchange.body();
  if (body === null) throw new Refusal(400, 'There is no archive in the request.');
  const mostBytes = Math.min(moduleBounds.total, maxFileBytes);
  try {
    return await withSpooled(chunksOf(body), mostBytes, (spooled) => takeArchive(of, spooled, isSource, at));
  } catch (error) {
    throw error instanceof BadArchive ? refusedFor(error) : error;
  }
}

async function takeArchive(
  of: VersionOf,
  spooled: Spooled,
  isSource: boolean,
  at: Changing,
): Promise<Answer> {
  const { module, version } = of;
  const prefix = `${module}@${version}/`;
  const all = await filesIn(spooled);
  const files = isSource ? moduleOf(all, prefix) : all;
  const objection = objectionToModuleZip(files, prefix);
  if (objection !== null) throw new BadArchive(objection);
  const goMod = await goModOf(files, of, prefix);
  const hash = await hashOfFiles(files);
  const zip = isSource ? streamOf(zipOf(files)) : spooled.stream();
  const { isNew } = await withBlobs(at, async (hold) => {
    const held: Held = await hold(zip, { maxBytes: moduleBounds.total });
    const heldMod = await hold(goMod);
    return publish(at, {
      ...{ name: module, version, onExisting: 'add' },
      meta: { hash, files: files.length, requires: requirementsIn(new TextDecoder().decode(goMod)) },
      files: [
        { name: fileOf(version, 'mod'), held: heldMod },
        { name: fileOf(version, 'zip'), held },
      ],
    });
  });
  return said(isNew ? 201 : 200, `${module}@${version} ${hash}`);
}

/** Of the files of a repository, under the names that they have in a module's zip. */
function moduleOf(all: readonly ArchivedFile[], prefix: string): readonly ArchivedFile[] {
  const chosen = filesOfModule(all);
  if ('objection' in chosen) throw new BadArchive(chosen.objection);
  if (chosen.files.length > mostZipped) throw new BadArchive(`The module has more than ${mostZipped} files.`);
  return chosen.files.map((file) => ({ ...file, name: prefix + file.name }));
}

/** A module without one is what the go command takes it for: of this path, and without needs. */
async function goModOf(files: readonly ArchivedFile[], of: VersionOf, prefix: string): Promise<Uint8Array> {
  const { module, version } = of;
  const file = files.find(({ name }) => name === `${prefix}go.mod`);
  if (file === undefined) return Buffer.from(`module ${module}\n`);
  if (version.endsWith('+incompatible')) {
    throw new BadArchive(`${version} is for modules without a go.mod, and this one has one.`);
  }
  const bytes = await contentOf(file, moduleBounds.goMod);
  const stated = moduleIn(new TextDecoder().decode(bytes));
  if (stated === module) return bytes;
  throw new BadArchive(
    `The go.mod says ${stated === null ? 'no module' : `module ${stated}`}, the address ${module}.`,
  );
}

function streamOf(chunks: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(to) {
      const { done, value } = await chunks.next();
      if (done === true) to.close();
      else to.enqueue(value);
    },
    async cancel() {
      await chunks.return();
    },
  });
}

function said(status: number, sentence: string): Answer {
  return ownAnswer(status, types.text, `${sentence}\n`);
}

function refusedFor(cause: BadArchive): Refusal {
  return new Refusal(400, cause.message, { cause });
}
