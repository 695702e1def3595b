/**
 * Tags by which tools say what is about a manifest, where a registry has no referrers: `sha256-<hex>` (OCI Distribution Specification 1.1,
 * Referrers Tag Schema), and `sha256-<hex>.sig`, `.att`, `.sbom` (cosign).
 */
import type { DocumentReader } from '../../../store.ts';
import type { Digest } from '../digest.ts';
import { asTag, findTag, type TagRecord, tagKey, tagsPrefix, type Where } from './record.ts';

const pattern = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:\.[a-zA-Z0-9._-]+)?$/;
const page = 50;

export function isAboutAnother(tag: string): boolean {
  return pattern.test(tag);
}

export async function* tagsAbout(
  reader: DocumentReader,
  at: Where,
  digest: Digest,
): AsyncGenerator<{ readonly tag: string; readonly record: TagRecord }, void, undefined> {
  const text = digest.replace(':', '-');
  const exact = await findTag(reader, at, text);
  if (exact !== null) yield { tag: text, record: exact };
  for (let after = tagKey(at, text); ; ) {
    const found = await reader.scan(tagsPrefix(at), { after, limit: page });
    for (const { key, value } of found) {
      const tag = key.at(-1) ?? '';
      if (!tag.startsWith(text)) return;
      if (pattern.exec(tag)?.[1] === text) yield { tag, record: asTag(value) };
      after = key;
    }
    if (found.length < page) return;
  }
}
