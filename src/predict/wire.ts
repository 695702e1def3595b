/** What is foreseen, as it goes from node to node: rows of target, likelihood, bytes and `Accept`, as far as they are known. */
import { z } from 'zod';
import type { Foreseen } from '../foresight.ts';
import { parsedJson } from '../http/json.ts';

/** More is not looked at. */
const mostRows = 20_000;

const row = z.tuple([
  z.string().startsWith('/').max(2_048),
  z.number().min(0).max(1),
  z.number().nonnegative().nullable(),
  z.string().max(512).nullable(),
]);
const table = z.object({ foreseen: z.array(z.unknown()) });

export function foreseenText(all: readonly Foreseen[]): string {
  const rows = all
    .slice(0, mostRows)
    .map(({ target, likelihood = 1, bytes = null, accept = null }) => [target, likelihood, bytes, accept]);
  return JSON.stringify({ foreseen: rows });
}

/** Of a text that another node has not written: nothing. A row that makes no sense is left out. */
export function foreseenFrom(text: string): readonly Foreseen[] {
  const rows = table.safeParse(parsedJson(text)).data?.foreseen ?? [];
  return rows.slice(0, mostRows).flatMap((each) => {
    const { data } = row.safeParse(each);
    if (data === undefined) return [];
    const [target, likelihood, bytes, accept] = data;
    return [
      { ...{ target, likelihood }, ...(bytes !== null && { bytes }), ...(accept !== null && { accept }) },
    ];
  });
}
