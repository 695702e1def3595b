/**
 * The first administrator: without him, nobody could give anybody a right but by commands on the origin's own machine. He is
 * made once, with his token, whatever becomes of him later.
 */
import type { Clock } from '../../clock.ts';
import { actions } from '../../identity.ts';
import type { MetadataStore } from '../../store.ts';
import type { Grant, Token, User } from '../record.ts';
import { hashOfToken, makeToken, type TokenText } from '../token.ts';
import type { Act } from './act.ts';
import { keys } from './documents.ts';
import { newId } from './id.ts';
import { write } from './tokens.ts';

const name = 'admin';

/** His token, which nobody can find out again; `null` when he has been made before. */
export async function found(metadata: MetadataStore, act: Act, clock: Clock): Promise<TokenText | null> {
  if ((await metadata.get(keys.founded)) !== null) return null;
  const text = makeToken();
  const createdMs = clock.now();
  const user: User = { name, email: null, createdMs, disabled: false };
  const grant: Grant = {
    ...{ id: newId(), to: `user:${name}`, createdMs, by: 'meridian' },
    ...{ actions: [...actions], routes: ['*'], subjects: ['*'] },
  };
  const token: Token = {
    ...{ id: newId(), hash: hashOfToken(text), label: 'the first', owner: `user:${name}`, createdMs },
    ...{ expiresMs: null, addresses: [], limit: null },
  };
  const event = { by: 'meridian', token: null, from: null, what: 'network.found', subject: name, detail: {} };
  return act(event, async (acting) => {
    const { documents: written, tell } = acting;
    // Another origin may have been faster.
    if ((await written.get(keys.founded)) !== null) return null;
    await written.put(keys.founded, { atMs: createdMs });
    if ((await written.get(keys.user(name))) === null) {
      await written.put(keys.user(name), user);
      tell({ of: 'user', name, value: user });
    }
    await written.put(keys.grant(grant.id), grant);
    tell({ of: 'grant', name: grant.id, value: grant });
    await write(acting, token);
    return text;
  });
}
