/**
 * Users who leave. Who is removed is nobody from that moment on, whatever tokens he has: they are refused everywhere because their owner
 * is not there. They themselves are removed after that, some at a time; what a crash has left of it is done by the origin's
 * housekeeping. Until all are gone, nobody can have his name, and with it what he has held.
 */
import { MeridianError } from '../../errors.ts';
import type { DocumentReader, MetadataStore } from '../../store.ts';
import type { Act, Acting } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, keys, listed } from './documents.ts';
import { dropGrantsOf } from './grants.ts';
import { type Holders, heldBy, isFilled } from './holders.ts';
import { notFound } from './not-found.ts';
import { drop } from './tokens.ts';

/** Of one transaction. */
const atOnce = 256;

export interface Leaving {
  /** Without his tokens, his grants, and his place in teams. @throws `no-such-record`. */
  removeUser(actor: Actor, name: string): Promise<void>;
  /**
   * Removes what users have left whose removal has not come to its end.
   * @param signal stops it; the next one goes on from there.
   * @returns how many users it were.
   */
  finishRemovals(actor: Actor, signal?: AbortSignal): Promise<number>;
}

export function leaving(metadata: MetadataStore, act: Act, { fillHolders }: Holders): Leaving {
  /** Removes tokens of who is there no longer. */
  async function finish(actor: Actor, name: string, signal?: AbortSignal): Promise<void> {
    await fillHolders(signal);
    while (signal?.aborted !== true) {
      // What is not there need not be in the audit log.
      if ((await metadata.get(keys.leaving(name))) === null) return;
      const event = { ...actor, what: 'user.remove-tokens', subject: name };
      const detail: { tokens?: number } = {};
      await act({ ...event, detail }, async (acting) => {
        const { dropped, isMore } = await dropSome(acting, name);
        detail.tokens = dropped;
        if (!isMore) await acting.documents.delete(keys.leaving(name));
      });
    }
  }

  return {
    async removeUser(actor, name) {
      const event = { ...actor, what: 'user.remove', subject: name, detail: {} };
      const isMore = await act(event, async (acting) => {
        const { documents: written, tell } = acting;
        if (!(await written.delete(keys.user(name)))) throw notFound('user', name);
        await written.delete(keys.password(name));
        await written.delete(keys.profile(name));
        await dropGrantsOf(acting, `user:${name}`);
        await leaveTeams(acting, name);
        tell({ of: 'user', name, value: null });
        const isLeft = !(await isFilled(written)) || (await dropSome(acting, name)).isMore;
        if (isLeft) await written.put(keys.leaving(name), {});
        return isLeft;
      });
      if (isMore) await finish(actor, name);
    },

    async finishRemovals(actor, signal) {
      let finished = 0;
      for (;;) {
        const page = await metadata.scan(keys.leavings, { limit: atOnce });
        for (const { key } of page) {
          await finish(actor, key.at(-1) ?? '', signal);
          if (signal?.aborted === true) return finished;
          finished++;
        }
        if (page.length < atOnce) return finished;
      }
    },
  };
}

/** @throws `conflict` while tokens of one who had this name are still there. */
export async function checkGone(reader: DocumentReader, name: string): Promise<void> {
  if ((await reader.get(keys.leaving(name))) !== null)
    throw new MeridianError('conflict', `tokens of the ${name} who was removed are still being removed`);
}

async function dropSome(acting: Acting, name: string): Promise<{ dropped: number; isMore: boolean }> {
  const tokens = await heldBy(acting.documents, `user:${name}`, { limit: atOnce });
  for (const token of tokens) await drop(acting, token);
  return { dropped: tokens.length, isMore: tokens.length === atOnce };
}

async function leaveTeams({ documents: written, tell }: Acting, user: string): Promise<void> {
  for (const team of await listed(written, documents.team, 'team')) {
    if (!team.members.includes(user)) continue;
    const value = { ...team, members: team.members.filter((member) => member !== user) };
    await written.put(keys.team(team.name), value);
    tell({ of: 'team', name: team.name, value });
  }
}
