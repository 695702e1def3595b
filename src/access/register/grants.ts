/**
 * Grants: which rights have been given to whom.
 */
import type { Clock } from '../../clock.ts';
import type { Right } from '../../identity.ts';
import type { DocumentReader } from '../../store.ts';
import type { Grant, Grantee } from '../record.ts';
import type { Act, Acting } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, keys, listed } from './documents.ts';
import { newId } from './id.ts';
import { notFound } from './not-found.ts';

export interface Grants {
  grants(): Promise<readonly Grant[]>;
  /** @throws `no-such-record` for a user or a team that there is not. */
  grant(actor: Actor, to: Grantee, right: Right): Promise<Grant>;
  /** @throws `no-such-record`. */
  revokeGrant(actor: Actor, id: string): Promise<void>;
}

export function grants(reader: DocumentReader, act: Act, clock: Clock): Grants {
  return {
    grants: () => listed(reader, documents.grant, 'grant'),

    async grant(actor, to, { actions, routes, subjects }) {
      const value: Grant = {
        ...{ id: newId(), to, actions: [...actions], routes: [...routes], subjects: [...subjects] },
        ...{ createdMs: clock.now(), by: actor.by },
      };
      const detail = { to, actions: actions.join(), routes: routes.join(), subjects: subjects.join() };
      return act({ ...actor, what: 'grant.add', subject: value.id, detail }, async (acting) => {
        await checkGrantee(acting.documents, to);
        await acting.documents.put(keys.grant(value.id), value);
        acting.tell({ of: 'grant', name: value.id, value });
        return value;
      });
    },

    revokeGrant: (actor, id) =>
      act(
        { ...actor, what: 'grant.remove', subject: id, detail: {} },
        async ({ documents: written, tell }) => {
          if (!(await written.delete(keys.grant(id)))) throw notFound('grant', id);
          tell({ of: 'grant', name: id, value: null });
        },
      ),
  };
}

async function checkGrantee(reader: DocumentReader, to: Grantee): Promise<void> {
  const [kind = '', name = ''] = to.split(':');
  if (kind !== 'user' && kind !== 'team') return;
  if ((await reader.get(keys[kind](name))) === null) throw notFound(kind, name);
}

/** With whoever they were given to. */
export async function dropGrantsOf({ documents: written, tell }: Acting, to: Grantee): Promise<void> {
  for (const grant of await listed(written, documents.grant, 'grant')) {
    if (grant.to !== to) continue;
    await written.delete(keys.grant(grant.id));
    tell({ of: 'grant', name: grant.id, value: null });
  }
}
