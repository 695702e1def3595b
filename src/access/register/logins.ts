/**
 * Logins that somebody has finished in a browser, until the client that began them comes for its token. What is written down
 * is who it was, never a token; and it stays until the login would have expired, so that none is used twice.
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { MetadataStore, Transaction } from '../../store.ts';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';
import { find, keys, read } from './documents.ts';

export interface Logins {
  /** @throws `no-such-record` when it has been finished before. */
  finishLogin(actor: Actor, session: string, login: FinishedLogin): Promise<void>;
  /** `null`: nobody has finished it. */
  finishedLogin(session: string): Promise<FinishedLogin | null>;
  /** Who finished it, told once; `null`: nobody. @throws `no-such-record` the second time. */
  takeLogin(session: string): Promise<string | null>;
}

const finishedLogin = z.object({
  user: z.string(),
  /** When nobody can take it any more, ms since the epoch. */
  expiresMs: z.number(),
  taken: z.boolean(),
});
export type FinishedLogin = z.output<typeof finishedLogin>;

/** Old ones that are cleared away with a new one: more than are added, so that there are never many. */
const clearedAtOnce = 100;

export function logins(metadata: MetadataStore, act: Act, clock: Clock): Logins {
  return {
    finishLogin: (actor, session, login) =>
      act({ ...actor, what: 'login.finish', subject: login.user, detail: {} }, async ({ documents }) => {
        if ((await documents.get(keys.login(session))) !== null) throw usedBefore();
        await clearExpired(documents, clock.now());
        await documents.put(keys.login(session), login);
      }),

    finishedLogin: (session) => find(metadata, finishedLogin, keys.login(session)),

    takeLogin: (session) =>
      metadata.transact(async (transaction) => {
        const login = await find(transaction, finishedLogin, keys.login(session));
        if (login === null) return null;
        if (login.taken) throw usedBefore();
        await transaction.put(keys.login(session), { ...login, taken: true });
        return login.user;
      }),
  };
}

async function clearExpired(documents: Transaction, nowMs: number): Promise<void> {
  for (const document of await documents.scan(['access', 'login'], { limit: clearedAtOnce }))
    if (read(finishedLogin, document).expiresMs <= nowMs) await documents.delete(document.key);
}

function usedBefore(): MeridianError {
  return new MeridianError('no-such-record', 'this login has been used already: begin another one');
}
