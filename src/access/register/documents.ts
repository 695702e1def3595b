/**
 * Where access is written down in the origin's store, and how a document becomes a value again.
 */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import type { Document, DocumentKey, DocumentReader } from '../../store.ts';
import { documentLimits } from '../../store.ts';
import { grant, team, token, user } from '../record.ts';

export const keys = {
  user: (name: string) => ['access', 'user', name],
  password: (name: string) => ['access', 'password', name],
  /** What a user says of himself, which no other node needs to know. */
  profile: (name: string) => ['access', 'profile', name],
  team: (name: string) => ['access', 'team', name],
  grant: (id: string) => ['access', 'grant', id],
  token: (id: string) => ['access', 'token', id],
  tokens: ['access', 'token'],
  /** Points to a token, by whose it is. */
  held: (owner: string, id: string) => ['access', 'held', owner, id],
  heldOf: (owner: string) => ['access', 'held', owner],
  /** How far tokens of before have been given what points to them. */
  filled: ['access', 'filled'],
  /** A user who has been removed, and has left tokens that are still to be removed. */
  leaving: (name: string) => ['access', 'leaving', name],
  leavings: ['access', 'leaving'],
  /** Points from the hash of a token to its id. */
  hash: (hash: string) => ['access', 'hash', hash],
  /** When a token was last used. */
  used: (id: string) => ['access', 'used', id],
  /** Points to a token that expires, by when it does. */
  expiry: (expiresMs: number, id: string) => ['access', 'expiry', digits(Math.floor(expiresMs)), id],
  expiries: ['access', 'expiry'],
  /** A login that has been finished in a browser, by the hash of its secret. */
  login: (session: string) => ['access', 'login', session],
  /** How many changes there have been, which gives each its number. */
  order: ['access', 'order'],
  /** That there has been a first administrator. */
  founded: ['access', 'founded'],
  /** A change that the other nodes have not been told of yet. */
  untold: (order: number) => ['access', 'untold', digits(order)],
  /** What the other nodes have been told to forget, by the time and the number of that change. */
  gone: (atMs: number, order: number) => ['access', 'gone', digits(atMs), digits(order)],
  /** By time, and a few random letters. */
  audit: (atMs: number, id: string) => ['audit', digits(atMs), id],
} as const satisfies Record<string, DocumentKey | ((...parts: never[]) => DocumentKey)>;

/** Numbers as text of one length, so that their order is that of the keys. */
export function digits(number: number): string {
  return String(number).padStart(16, '0');
}

export const passwordDocument = z.object({ hash: z.string() });
/** Of a token. */
export const pointerDocument = z.object({ id: z.string() });
export const usedDocument = z.object({ atMs: z.number() });
export const goneDocument = z.object({ key: z.string() });
export const orderDocument = z.object({ last: z.number() });

export const documents = { user, team, grant, token } as const;

/** The value as its type says. Fails with `internal` where somebody else has written something else there. */
export function read<Type extends z.ZodType>(type: Type, { key, value }: Document): z.output<Type> {
  const parsed = type.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new MeridianError('internal', `the document ${key.join('/')} is not what it should be`, {
    cause: parsed.error,
  });
}

/** `null` when there is none. */
export async function find<Type extends z.ZodType>(
  reader: DocumentReader,
  type: Type,
  key: DocumentKey,
): Promise<z.output<Type> | null> {
  const document = await reader.get(key);
  return document && read(type, document);
}

/** All of one kind, as its type says. */
export async function listed<Type extends z.ZodType>(
  reader: DocumentReader,
  type: Type,
  kind: string,
): Promise<z.output<Type>[]> {
  const found: z.output<Type>[] = [];
  for await (const document of all(reader, ['access', kind])) found.push(read(type, document));
  return found;
}

/** All that are below a key, page by page. @param from the key before them. @param most in one page. */
export async function* all(
  reader: DocumentReader,
  prefix: DocumentKey,
  {
    from,
    most = documentLimits.page,
  }: { readonly from?: DocumentKey | undefined; readonly most?: number } = {},
): AsyncGenerator<Document> {
  let after = from;
  for (;;) {
    const page = await reader.scan(prefix, { limit: most, ...(after && { after }) });
    yield* page;
    after = page.at(-1)?.key;
    if (page.length < most) return;
  }
}
