/**
 * Tokens. The origin keeps a hash of each; the token itself is told once, to whoever has it made.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Right } from '../../identity.ts';
import type { DocumentReader, Transaction } from '../../store.ts';
import type { Token } from '../record.ts';
import { hashOfToken, makeToken, type TokenText } from '../token.ts';
import type { Act, Acting } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, find, hashDocument, keys, listed, usedDocument } from './documents.ts';
import { newId } from './id.ts';
import { tokenNews } from './news.ts';
import { notFound } from './not-found.ts';

export interface Tokens {
  tokens(owner?: string): Promise<readonly ListedToken[]>;
  token(id: string): Promise<Token | null>;
  /** @throws `no-such-record` for a user that there is not, `request-malformed` when it has expired already. */
  makeToken(actor: Actor, wanted: NewToken): Promise<MadeToken>;
  /** @throws `no-such-record`. */
  revokeToken(actor: Actor, id: string): Promise<void>;
  byHash(hash: string): Promise<Token | null>;
  /** When tokens were used, by id: written down where that is later than what is known. */
  noteUse(uses: ReadonlyMap<string, number>): Promise<void>;
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
  write: (work: (written: Acting['documents']) => Promise<void>) => Promise<void>,
): Tokens {
  return {
    async tokens(owner) {
      const found: ListedToken[] = [];
      for (const token of await listed(reader, documents.token, 'token')) {
        if (owner !== undefined && token.owner !== owner) continue;
        const used = await find(reader, usedDocument, keys.used(token.id));
        found.push({ ...token, usedMs: used?.atMs ?? null });
      }
      return found;
    },

    token: (id) => find(reader, documents.token, keys.token(id)),

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
        const { documents: written, tell } = acting;
        const [kind = '', name = ''] = owner.split(':');
        if (kind === 'user' && (await written.get(keys.user(name))) === null) throw notFound('user', name);
        await written.put(keys.token(token.id), token);
        await written.put(keys.hash(token.hash), { id: token.id });
        await noteExpiry(written, token);
        tell({ of: 'token', name: token.hash, value: tokenNews.parse(token) });
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
      const pointer = await find(reader, hashDocument, keys.hash(hash));
      return pointer && find(reader, documents.token, keys.token(pointer.id));
    },

    noteUse: (uses) =>
      write(async (written) => {
        for (const [id, atMs] of uses) {
          if ((await written.get(keys.token(id))) === null) continue;
          const known = await find(written, usedDocument, keys.used(id));
          if (known === null || known.atMs < atMs) await written.put(keys.used(id), { atMs });
        }
      }),
  };
}

export async function dropTokensOf(acting: Acting, owner: string): Promise<void> {
  for (const token of await listed(acting.documents, documents.token, 'token'))
    if (token.owner === owner) await drop(acting, token);
}

export async function drop({ documents: written, tell }: Acting, token: Token): Promise<void> {
  const { id, hash, expiresMs } = token;
  if (expiresMs !== null) await written.delete(keys.expiry(expiresMs, id));
  for (const key of [keys.token(id), keys.hash(hash), keys.used(id)]) await written.delete(key);
  tell({ of: 'token', name: hash, value: null });
}

/** Writes down when a token expires, if it does: `expire.ts` reads it. */
async function noteExpiry(written: Transaction, { id, expiresMs }: Token): Promise<void> {
  if (expiresMs !== null) await written.put(keys.expiry(expiresMs, id), { id });
}
