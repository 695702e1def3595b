/** Gems that live here, given out: what is known of one, its builds, and their specifications. */
import type { Answer } from '../../../entry.ts';
import { immutable, ownCacheControl } from '../../kept-for.ts';
import { documentAnswer, errorAnswer } from '../../registry/answers.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { serveFile } from '../../registry/hosted/serve.ts';
import { compactDocument } from '../compact.ts';
import { fullName, readFullName } from '../file-name.ts';
import { marshalledSpec } from '../specification.ts';
import { ownGem } from './builds.ts';
import { specOf } from './spec-of.ts';

export async function serveGem(item: Item, at: Pulling): Promise<Answer> {
  const name = item.name ?? '';
  if (item.kind === 'info') {
    const gem = await ownGem(name, at);
    if (gem === null) return absent(item, at);
    return documentAnswer(compactDocument(gem.info), at.ask.stored, ownCacheControl(at.registry.metadata));
  }
  const file = item.path.slice(item.path.lastIndexOf('/') + 1);
  if (item.kind === 'gem') {
    const found = await findFile(at, name, file);
    return found === null ? absent(item, at) : serveFile(found, 'application/octet-stream', at);
  }
  const build = readFullName(file.slice(0, -'.gemspec.rz'.length));
  const found = build && (await findFile(at, name, `${fullName(build)}.gem`));
  if (found === null) return absent(item, at);
  const body = marshalledSpec(await specOf(found, at));
  return documentAnswer({ body, type: 'application/octet-stream' }, at.ask.stored, immutable);
}

function absent({ path }: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is no ${path}.`);
}
