/** Crates that live here, as cargo asks for them. */
import type { Answer } from '../../entry.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { findFile, versionsOf } from '../registry/hosted/find.ts';
import type { HostedVersion } from '../registry/hosted/record.ts';
import { serveDocument, serveFile } from '../registry/hosted/serve.ts';
import { types } from './item.ts';
import { versions } from './version.ts';

/** What the file of a version is called. */
export const fileOf = (name: string, version: string) => `${name}-${version}.crate`;

export async function serve(item: Item, at: Pulling): Promise<Answer> {
  const { name, version = '' } = item;
  if (name === null) return absent(item, at);
  if (item.kind === 'index') return serveIndex(item, name, at);
  const found = await findFile(at, name, fileOf(name, versions.canonical(version)));
  return found === null ? absent(item, at) : serveFile(found, types.crate, at);
}

async function serveIndex(item: Item, name: string, at: Pulling): Promise<Answer> {
  const there: HostedVersion[] = [];
  for await (const each of versionsOf(at, name)) there.push(each);
  if (there.length === 0) return absent(item, at);
  const lines = there.toSorted((a, b) => a.publishedMs - b.publishedMs).map((each) => `${lineOf(each)}\n`);
  return serveDocument(item, { body: lines.join(''), type: types.lines }, at);
}

/** Of a line of the index, only this changes. */
function lineOf({ meta, yanked }: HostedVersion): string {
  return JSON.stringify({ ...asObject(meta['line']), yanked: yanked !== null });
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function absent({ path }: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is nothing at ${path}.`);
}
