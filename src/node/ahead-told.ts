/**
 * Members of a ring tell each other what is foreseen: each fetches what it keeps itself. Whether the client may have it has been looked at by the member
 * that he talks to.
 */
import { z } from 'zod';
import type { Foreseen } from '../foresight.ts';
import { parsedJson } from '../http/json.ts';
import type { Predictor } from '../predict/predictor.ts';
import { type Source, sources } from '../predict/score.ts';
import type { Visitor } from '../predict/visitor.ts';
import { foreseenFrom, foreseenText } from '../predict/wire.ts';
import { clientFields } from './client-fields.ts';
import type { Node } from './node.ts';

export interface Ahead {
  readonly route: string;
  readonly foreseen: Foreseen;
  readonly visitor: Visitor;
  readonly source: Source;
}

const told = z.object({
  route: z.string(),
  source: z.enum(sources),
  base: z.string(),
  authority: z.string(),
  fields: z.array(z.tuple([z.string(), z.string()])),
  rows: z.string(),
});

/** What is foreseen at once is told at once. */
const gatherMs = 2;
const withinMs = 5_000;
/** Of one message. */
const mostRows = 500;

/** Tells the member that keeps it. What cannot be told is fetched when somebody asks for it. */
export function tellAhead({
  ring,
  clock,
}: Pick<Node, 'ring' | 'clock'>): (owner: string, ahead: Ahead) => void {
  const waiting = new Map<string, Ahead[]>();

  function send(owner: string): void {
    const all = waiting.get(owner) ?? [];
    waiting.delete(owner);
    // One client's in one message.
    const parts = Map.groupBy(all, ({ visitor }) => visitor);
    for (const [visitor, aheads] of parts)
      for (const alike of Map.groupBy(aheads, ({ route, source }) => `${source} ${route}`).values())
        for (let at = 0; at < alike.length; at += mostRows) {
          const rows = alike.slice(at, at + mostRows);
          const [first] = rows;
          if (first === undefined) break;
          const { route, source } = first;
          const { base, authority, headers } = visitor;
          const text: z.input<typeof told> = {
            ...{ route, source, base, authority, fields: [...headers] },
            rows: foreseenText(rows.map(({ foreseen }) => foreseen)),
          };
          ring?.tell(owner, 'ahead', JSON.stringify(text), AbortSignal.timeout(withinMs)).catch(() => {
            // Whoever asks for it has it fetched.
          });
        }
  }

  return (owner, ahead) => {
    const all = waiting.get(owner);
    if (all) {
      all.push(ahead);
      return;
    }
    waiting.set(owner, [ahead]);
    clock.after(gatherMs, () => send(owner));
  };
}

/** Follows what another member has told. @returns whether it could be understood. */
export function followTold(text: string, predictor: Predictor | null): boolean {
  const said = told.safeParse(parsedJson(text)).data;
  if (said === undefined) return false;
  const { route, source, base, authority, fields, rows } = said;
  const headers = new Headers();
  for (const [name, value] of fields)
    if (clientFields.includes(name) && isFieldValue(value)) headers.set(name, value);
  const foreseen = foreseenFrom(rows);
  // Whether he may have what is restricted, the other member has looked at where it has said so; of what is found to be so only here, it has not.
  const forSome = foreseen.filter(({ restricted }) => restricted === true);
  const forAll = foreseen.filter(({ restricted }) => restricted !== true);
  const visitor = { base, authority, headers };
  if (forSome.length > 0)
    predictor?.follow(route, forSome, source, { ...visitor, identity: { ...member, may: () => true } });
  if (forAll.length > 0)
    predictor?.follow(route, forAll, source, {
      ...visitor,
      identity: { ...member, may: ({ restricted }) => !restricted },
    });
  return true;
}

const member = { name: 'node', token: null } as const;

function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}
