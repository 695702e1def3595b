/** `/info/<gem>`: an upstream's lines, without those of versions that the policy is against. All other lines are as the upstream writes them. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { readItem, readItemAgain } from '../registry/item.ts';
import { factsItem, infoItem } from './address.ts';
import { compactDocument } from './compact.ts';
import { type Build, numberOf } from './file-name.ts';
import { type InfoLine, readInfo, writeInfo } from './info.ts';

const decoder = new TextDecoder();

/** What this release makes of the same bytes. */
const revision = 1;

/** @param name of the gem. @param isWhole with what the policy takes out: for the origin alone. */
export function pullInfo(item: Item, name: string, isWhole: boolean, at: Pulling): Promise<Answer> {
  const derive = (
    bytes: Uint8Array,
    { judge }: { judge: { mark: string; against(facts: Facts): unknown } },
  ) => {
    const text = decoder.decode(bytes);
    if (!isInfo(text))
      throw new MeridianError('upstream-invalid', `The upstream's /info/${name} is no list of versions.`);
    if (isWhole || judge.mark === '') return compactDocument(bytes);
    const lines = readInfo(text);
    const left = lines.filter(
      ({ version, createdMs }) => judge.against({ version, publishedMs: createdMs }) === null,
    );
    return compactDocument(left.length === lines.length ? bytes : writeInfo(left.map((line) => line.text)));
  };
  return pullIndex(item, { path: `/info/${encodeURIComponent(name)}`, revision, derive }, at);
}

type Facts = { readonly version: string; readonly publishedMs: number | null };

function isInfo(text: string): boolean {
  return text.startsWith('---\n') || text.includes('\n---\n');
}

/**
 * What is known of a build of an upstream's, whether it may be used or not. One that the origin has not heard of may have been published since.
 * `null`: there is none.
 */
export async function findLine(build: Build, at: Pulling): Promise<InfoLine | null> {
  const { registry } = at;
  const among = async (read: typeof readItem, item: Item) => {
    const { status, bytes } = await read(item, at);
    if (status === 404) return null;
    if (status !== 200) throw new MeridianError('upstream-invalid', `/info/${build.name} answers ${status}.`);
    const number = numberOf(build);
    return readInfo(decoder.decode(bytes)).find((line) => numberOf(line) === number) ?? null;
  };
  const offered = await among(readItem, infoItem(build.name));
  if (offered !== null) return offered;
  const all = registry.policy === null ? infoItem(build.name) : factsItem(build.name);
  const known = registry.policy === null ? null : await among(readItem, all);
  return known ?? among(readItemAgain, all);
}
