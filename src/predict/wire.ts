/** What is foreseen, as it goes from node to node: rows of target, likelihood, bytes, `Accept`, as far as they are known, and whether it is restricted. */
import { z } from 'zod';
import type { Foreseen } from '../foresight.ts';
import { parsedJson } from '../http/json.ts';

/** What RFC 3986 allows in paths and queries; of another host, or with dots that lead elsewhere, it is none. */
const target = /^\/(?!\/)[\w.~!$&'()*+,;=:@%/?-]*$/;
const dots = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** Whether it is a path and query as a server gets it: what stands there means the same to everybody. */
export function isTarget(text: string): boolean {
  return target.test(text) && !dots.test(text);
}

/** More is not looked at. */
const mostRows = 20_000;

const row = z.tuple([
  z.string().max(2_048).refine(isTarget),
  z.number().min(0).max(1),
  z.number().nonnegative().nullable(),
  z.string().max(512).nullable(),
  z.boolean(),
]);
const table = z.object({ foreseen: z.array(z.unknown()) });

export function foreseenText(all: readonly Foreseen[]): string {
  const rows = all
    .slice(0, mostRows)
    .map(({ target, likelihood = 1, bytes = null, accept = null, restricted = false }) => [
      ...[target, likelihood, bytes, accept, restricted],
    ]);
  return JSON.stringify({ foreseen: rows });
}

/** Of a text that another node has not written: nothing. A row that makes no sense is left out. */
export function foreseenFrom(text: string): readonly Foreseen[] {
  const rows = table.safeParse(parsedJson(text)).data?.foreseen ?? [];
  return rows.slice(0, mostRows).flatMap((each) => {
    const { data } = row.safeParse(each);
    if (data === undefined) return [];
    const [target, likelihood, bytes, accept, restricted] = data;
    return [
      {
        ...{ target, likelihood },
        ...(bytes !== null && { bytes }),
        ...(accept !== null && { accept }),
        ...(restricted && { restricted }),
      },
    ];
  });
}
