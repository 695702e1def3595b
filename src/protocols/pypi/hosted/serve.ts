/** Serves projects that live here: their index, made of what was written down, and their files. */
import type { Answer } from '../../../entry.ts';
import { errorAnswer } from '../../registry/answers.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { findFile, namesOf, versionsOf } from '../../registry/hosted/find.ts';
import { serveDocument, serveFile } from '../../registry/hosted/serve.ts';
import type { PageFile, ProjectPage } from '../index/page.ts';
import { fileIn, sidecar } from '../path.ts';
import { renderingIn } from '../rendering.ts';
import { asFileMeta } from './meta.ts';

export async function serveHosted(item: Item, at: Pulling): Promise<Answer> {
  const { name } = item;
  if (name === null) throw new TypeError('what has no name lives nowhere');
  return item.kind === 'project' ? serveProject(name, item, at) : serveOne(name, item, at);
}

async function serveProject(name: string, item: Item, at: Pulling): Promise<Answer> {
  const files: PageFile[] = [];
  for await (const { version, yanked, files: own } of versionsOf(at, name)) {
    for (const { name: file, hashes, sizeBytes, uploadedMs, meta } of own) {
      if (file.endsWith(sidecar)) continue;
      const { requiresPython, metadata } = asFileMeta(meta);
      files.push({
        ...{ name: file, version, url: '', hashes, requiresPython, yanked, sizeBytes, provenance: null },
        metadata: metadata === null ? null : { sha256: metadata },
        uploadTime: new Date(uploadedMs).toISOString(),
      });
    }
  }
  if (files.length === 0) return errorAnswer(at.registry.ecosystem, 404, `There is no ${name}.`);
  const page: ProjectPage = {
    ...{ name, files, versions: null, tracks: [], alternateLocations: [], status: null },
  };
  return serveDocument(item, renderingIn(item.form, page), at);
}

async function serveOne(name: string, item: Item, at: Pulling): Promise<Answer> {
  const file = fileIn(item);
  const found = await findFile(at, name, file);
  if (found === null) return errorAnswer(at.registry.ecosystem, 404, `There is no ${file}.`);
  return serveFile(
    found,
    item.kind === 'metadata' ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    at,
  );
}

/** Of what lives here and everybody may know of who may use the route. */
export async function* hostedNames(at: Pulling): AsyncGenerator<string, void, undefined> {
  const { hosted } = at.registry;
  if (hosted === null || at.door.stores === null) return;
  for await (const name of namesOf(at)) if (hosted.claims(name) && hosted.isPublic(name)) yield name;
}
