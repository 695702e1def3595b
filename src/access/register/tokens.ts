/**
 * Tokens. The origin keeps a hash of each; the token itself is told once, to whoever has it made.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Right } from '../../identity.ts';
import { type DocumentReader, documentLimits } from '../../store.ts';
import type { Token } from '../record.ts';
import { hashOfToken, makeToken, type TokenText } from '../token.ts';
import type { Act, Acting } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, find, keys, pointerDocument, read, usedDocument } from './documents.ts';
import { heldBy, point, unpoint } from './holders.ts';
import { newId } from './id.ts';
import { tokenNews } from './news.ts';
import { notFound } from './not-found.ts';

export interface Tokens {
  /** A page of them, by id. The last one is shorter than was asked for. */
  tokens(page: TokenPage): Promise<readonly ListedToken[]>;
  token(id: string): Promise<ListedToken | null>;
  /** @throws `no-such-record` for a user that there is not, `request-malformed` when it has expired already. */
  makeToken(actor: Actor, wanted: NewToken): Promise<MadeToken>;
  /** @throws `no-such-record`. */
  revokeToken(actor: Actor, id: string): Promise<void>;
  byHash(hash: string): Promise<Token | null>;
  /** When tokens were used, by id: written down where that is later than what is known. */
  noteUse(uses: ReadonlyMap<string, number>): Promise<void>;
}

export interface TokenPage {
  /** Of him alone. */
  readonly owner?: string | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  /** 1 to `documentLimits.page`, which is the default. */
  readonly limit?: number | undefined;
}

export interface NewToken extends Pick<Token, 'owner'> {
  readonly label?: string | undefined;
  readonly expiresMs?: number | null | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly limit?: readonly Right[] | null | undefined;
}

export interface MadeToken {
  readonly token: Token;
  /** What nobody can find out again. */
  readonly text: TokenText;
}

export interface ListedToken extends Token {
  readonly usedMs: number | null;
}

export function tokens(
  reader: DocumentReader,
  act: Act,
  clock: Clock,
  inTransaction: (work: (written: Acting['documents']) => Promise<void>) => Promise<void>,
): Tokens {
  async function withUse(token: Token): Promise<ListedToken> {
    const used = await find(reader, usedDocument, keys.used(token.id));
    return { ...token, usedMs: used?.atMs ?? null };
  }

  return {
    async tokens({ owner, after, limit = documentLimits.page }) {
      const found: ListedToken[] = [];
      const page =
        owner === undefined
          ? await tokensAfter(reader, after, limit)
          : await heldBy(reader, owner, { after, limit });
      for (const token of page) found.push(await withUse(token));
      return found;
    },

    async token(id) {
      const token = await find(reader, documents.token, keys.token(id));
      return token && withUse(token);
    },

    async makeToken(actor, { owner, label = '', expiresMs = null, addresses = [], limit = null }) {
      const createdMs = clock.now();
      if (expiresMs !== null && expiresMs <= createdMs)
        throw new MeridianError('request-malformed', 'the token would have expired already');
      const text = makeToken();
      const token: Token = {
        ...{ id: newId(), hash: hashOfToken(text), label, owner, createdMs, expiresMs },
        ...{ addresses: [...addresses], limit: limit && [...limit] },
      };
      const detail = { owner, label, expiresMs };
      return act({ ...actor, what: 'token.create', subject: token.id, detail }, async (acting) => {
        const [kind = '', name = ''] = owner.split(':');
        if (kind === 'user' && (await acting.documents.get(keys.user(name))) === null)
          throw notFound('user', name);
        await write(acting, token);
        return { token, text };
      });
    },

    revokeToken: (actor, id) =>
      act({ ...actor, what: 'token.revoke', subject: id, detail: {} }, async (acting) => {
        const token = await find(acting.documents, documents.token, keys.token(id));
        if (token === null) throw notFound('token', id);
        await drop(acting, token);
      }),

    async byHash(hash) {
      const pointer = await find(reader, pointerDocument, keys.hash(hash));
      return pointer && find(reader, documents.token, keys.token(pointer.id));
    },

    noteUse: (uses) =>
      inTransaction(async (written) => {
        for (const [id, atMs] of uses) {
          if ((await written.get(keys.token(id))) === null) continue;
          const known = await find(written, usedDocument, keys.used(id));
          if (known === null || known.atMs < atMs) await written.put(keys.used(id), { atMs });
        }
      }),
  };
}

/** With what points to it. */
export async function write({ documents: written, tell }: Acting, token: Token): Promise<void> {
  await written.put(keys.token(token.id), token);
  await written.put(keys.hash(token.hash), { id: token.id });
  await point(written, token);
  tell({ of: 'token', name: token.hash, value: tokenNews.parse(token) });
}

export async function drop({ documents: written, tell }: Acting, token: Token): Promise<void> {
  const { id, hash } = token;
  await unpoint(written, token);
  for (const key of [keys.token(id), keys.hash(hash), keys.used(id)]) await written.delete(key);
  tell({ of: 'token', name: hash, value: null });
}

async function tokensAfter(
  reader: DocumentReader,
  after: string | undefined,
  limit: number,
): Promise<readonly Token[]> {
  const scan = after === undefined ? {} : { after: keys.token(after) };
  const page = await reader.scan(keys.tokens, { ...scan, limit });
  return page.map((document) => read(documents.token, document));
}
