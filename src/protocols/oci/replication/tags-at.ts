/** The tags of a repository, page by page. */
import { z } from 'zod';
import { parsedJson } from '../../../http/json.ts';
import type { Read } from './tree.ts';

/** Of a repository with more, the first ones. */
const mostPages = 20;
const perPage = 500;
const longestPage = 2 ** 20;

const page = z.object({ tags: z.array(z.string()).nullish() });

/** @param at path of the repository. None where it cannot be asked. */
export async function tagsAt(at: string, read: Read): Promise<readonly string[]> {
  const found: string[] = [];
  let query: string | null = `?n=${perPage}`;
  for (let pages = 0; query !== null && pages < mostPages; pages++) {
    const { status, headers, bytes }: Awaited<ReturnType<Read>> = await read(
      `${at}/tags/list${query}`,
      longestPage,
    );
    if (status !== 200) return found;
    found.push(...(page.safeParse(parsedJson(new TextDecoder().decode(bytes))).data?.tags ?? []));
    query = /<[^>?]*(\?[^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1] ?? null;
  }
  return found;
}
