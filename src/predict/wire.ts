/**
 * What is foreseen, as it goes from node to node: rows of target, likelihood, bytes, `Accept`, as far as they are known, and whether it is restricted;
 * where it hangs on what the client asks for, by what he shows that, as a number in a list: many rows hang on the same.
 */
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

/** Of the rows: nodes of versions that have another do not understand each other. */
export const foreseenForm = 2;
/** More is not looked at. */
const mostRows = 20_000;

/** Of what some rows hang on, and of all that rows hang on. */
const mostSigns = 32;
const mostOnce = 64;

const word = z.string().max(2_048).refine(isTarget);
const row = z.tuple(
  [
    word,
    z.number().min(0).max(1),
    z.number().nonnegative().nullable(),
    z.string().max(512).nullable(),
    z.boolean(),
  ],
  z.number().int().nonnegative(),
);
const signs = z.array(z.array(word).max(mostSigns)).max(mostOnce);
const table = z.object({ foreseen: z.array(z.unknown()), once: signs.optional() });

export function foreseenText(all: readonly Foreseen[]): string {
  const told = new Map<string, number>();
  const numberOf = (once: readonly string[]) => {
    const text = JSON.stringify(once);
    const number = told.get(text) ?? told.size;
    told.set(text, number);
    return number;
  };
  const rows = all
    .slice(0, mostRows)
    .map(({ target, likelihood = 1, bytes = null, accept = null, restricted = false, once }) => [
      ...[target, likelihood, bytes, accept, restricted],
      ...(once === undefined ? [] : [numberOf(once)]),
    ]);
  const once = [...told.keys()].map((text): unknown => JSON.parse(text));
  return JSON.stringify({ foreseen: rows, ...(once.length > 0 && { once }) });
}

/** Of a text that another node has not written: nothing. A row that makes no sense is left out. */
export function foreseenFrom(text: string): readonly Foreseen[] {
  const { foreseen: rows = [], once: all = [] } = table.safeParse(parsedJson(text)).data ?? {};
  return rows.slice(0, mostRows).flatMap((each) => {
    const { data } = row.safeParse(each);
    if (data === undefined) return [];
    const [target, likelihood, bytes, accept, restricted, number] = data;
    const once = number === undefined ? undefined : all[number];
    // What it hangs on is not known: it hangs on nothing that could be shown.
    if (number !== undefined && once === undefined) return [];
    return [
      {
        ...{ target, likelihood },
        ...(bytes !== null && { bytes }),
        ...(accept !== null && { accept }),
        ...(restricted && { restricted }),
        ...(once !== undefined && { once }),
      },
    ];
  });
}
