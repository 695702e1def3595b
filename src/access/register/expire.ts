/**
 * Tokens that have expired: a while later they are taken from the records, so that those of CI jobs and of logins do not pile up at the
 * origin, on the bus and at every PoP. What the audit log says of them stays.
 */
import type { MetadataStore } from '../../store.ts';
import type { Act } from './act.ts';
import type { Actor } from './actor.ts';
import { documents, find, keys, pointerDocument, read } from './documents.ts';
import { drop } from './tokens.ts';

/** Of one transaction. */
const atOnce = 256;

export interface Expiry {
  /**
   * Removes tokens that expired before then, ms since the epoch, some at a time.
   * @returns how many.
   */
  removeExpired(actor: Actor, beforeMs: number): Promise<number>;
}

export function expiry(metadata: MetadataStore, act: Act): Expiry {
  return {
    async removeExpired(actor, beforeMs) {
      let removed = 0;
      for (;;) {
        const page = await metadata.scan(keys.expiries, { limit: atOnce });
        const old = page.filter(({ key }) => Number(key.at(-2)) < beforeMs);
        if (old.length === 0) return removed;
        const ids = old.map((document) => read(pointerDocument, document).id);
        const event = { ...actor, what: 'token.expire', subject: ids.join(' ') };
        await act({ ...event, detail: { tokens: ids.length } }, async (acting) => {
          for (const { key } of old) await acting.documents.delete(key);
          for (const id of ids) {
            const token = await find(acting.documents, documents.token, keys.token(id));
            if (token !== null) await drop(acting, token);
          }
        });
        removed += ids.length;
        if (old.length < atOnce) return removed;
      }
    },
  };
}
