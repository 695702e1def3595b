/** Modules that live here, as the go command asks for them. */
import type { Answer } from '../../entry.ts';
import { errorAnswer } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { findFile, findVersion, versionsOf } from '../registry/hosted/find.ts';
import { serveDocument, serveFile } from '../registry/hosted/serve.ts';
import type { VersionOf } from './expected.ts';
import { writeInfo } from './info.ts';
import { addressOf, types } from './item.ts';
import { isPseudoVersion, latestOf } from './module-version.ts';
import { versions } from './version.ts';

/** What the files of a version are called. */
export const fileOf = (version: string, extension: 'mod' | 'zip') => `${version}.${extension}`;

export async function serve(item: Item, at: Pulling): Promise<Answer> {
  const address = addressOf(item);
  switch (address?.of) {
    case 'list':
      return serveList(item, address.module, at);
    case 'latest': {
      const version = latestOf(await all(address.module, at));
      return version === null ? absent(item, at) : serveInfo(item, { module: address.module, version }, at);
    }
    case 'info':
      return serveInfo(item, address, at);
    case 'mod':
    case 'zip': {
      const found = await findFile(at, address.module, fileOf(address.version, address.of));
      return found === null
        ? absent(item, at)
        : serveFile(found, types[address.of === 'mod' ? 'text' : 'zip'], at);
    }
    case 'lookup':
      return errorAnswer(at.registry.ecosystem, 404, noSum(address.module));
    default:
      return absent(item, at);
  }
}

/** Names of what lives here are told to no database of the world. */
function noSum(module: string): string {
  return `not found: ${module} lives in this network, and no public checksum database knows it. Name it in GONOSUMDB, or in GOPRIVATE with GONOPROXY=none.`;
}

async function serveList(item: Item, module: string, at: Pulling): Promise<Answer> {
  const there = await all(module, at);
  if (there.length === 0) return absent(item, at);
  const listed = there.filter((version) => !isPseudoVersion(version)).toSorted(versions.compare);
  return serveDocument(
    item,
    { body: listed.map((version) => `${version}\n`).join(''), type: types.text },
    at,
  );
}

async function serveInfo(item: Item, { module, version }: VersionOf, at: Pulling): Promise<Answer> {
  const found = await findVersion(at, module, version);
  if (found === null) return absent(item, at);
  return serveDocument(item, { body: writeInfo(version, found.publishedMs), type: types.json }, at);
}

async function all(module: string, at: Pulling): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { version } of versionsOf(at, module)) found.push(version);
  return found;
}

function absent(item: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `not found: ${item.path}`);
}
