/** Crates that do not live here, from the upstreams: indexes without what the policy is against, and crate files with the sum that an index promises. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { fromShasum } from '../../http/digest.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import { type Item, placeholder } from '../registry/ecosystem.ts';
import { pullFile, pullFirst } from '../registry/file.ts';
import { readItem } from '../registry/item.ts';
import { fetchWhole } from '../registry/upstream.ts';
import { type IndexLine, lineOf, readIndexLines, writeIndexLines } from './index-lines.ts';
import { configItem, indexItem, types } from './item.ts';
import { downloads } from './path.ts';
import { alsoAt, configOf, pullConfig } from './upstream.ts';
import { downloadUrl } from './upstream-config.ts';

/** How long the route's own words about itself are fresh; seconds. They change with the config. */
const configFreshS = 300;

export async function pull(item: Item, authRequired: boolean, at: Pulling): Promise<Answer> {
  switch (item.kind) {
    case configItem.kind:
      return ownConfig(authRequired, at);
    case 'upstream':
      return pullConfig(item, at);
    case 'index':
      return pullLines(item, item.name ?? '', at);
    default:
      return pullCrate(item, item.name ?? '', item.version ?? '', at);
  }
}

function ownConfig(authRequired: boolean, { ask }: Pulling): Answer {
  const config = {
    dl: `${placeholder}${downloads}`,
    api: placeholder,
    ...(authRequired && { 'auth-required': true }),
  };
  return documentAnswer(
    { body: JSON.stringify(config), type: types.json },
    ask.stored,
    `public, max-age=${configFreshS}`,
  );
}

function pullLines(item: Item, name: string, at: Pulling): Promise<Answer> {
  return pullIndex(
    item,
    {
      ...{ path: `/${item.path}`, revision: 1 },
      derive(bytes, { judge }) {
        const lines = readIndexLines(bytes, name);
        const usable = lines.filter((line) => judge.against(line) === null);
        return { body: writeIndexLines(usable), type: types.lines };
      },
    },
    at,
  );
}

async function pullCrate(item: Item, name: string, version: string, at: Pulling): Promise<Answer> {
  const line = await findLine(name, version, at);
  const { registry } = at;
  if (line === null) return errorAnswer(registry.ecosystem, 404, `There is no crate ${name} ${version}.`);
  const digest = fromShasum(line.sha256);
  if (digest === undefined) throw new MeridianError('internal', `${line.sha256} is no SHA-256.`);
  return pullFirst(registry.sources.of(name), item, at, async (source) => {
    const config = await configOf(source, at);
    const url = downloadUrl(config.downloads, line.name, line.version, line.sha256);
    const { publishedMs } = line;
    const wanted = {
      source: alsoAt(source, url),
      url,
      digest,
      type: types.crate,
      version: line.version,
      publishedMs,
    };
    return pullFile(item, wanted, at);
  });
}

/** As the index says: the one that is kept, or, of a version that is not in it by the policy or not yet, the upstream's. */
export async function findLine(name: string, version: string, at: Pulling): Promise<IndexLine | null> {
  const item = indexItem(name);
  const kept = await readItem(item, at);
  const known = kept.status === 200 ? lineOf(readIndexLines(kept.bytes, name), version) : null;
  if (known !== null) return known;
  for (const source of at.registry.sources.of(name)) {
    const { status, bytes } = await fetchWhole(source, `/${item.path}`, {}, at);
    if (status === 200) return lineOf(readIndexLines(bytes, name), version);
  }
  return null;
}
