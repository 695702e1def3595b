/** Where the policy stands: before all that is read, and before what is fetched ahead. */
import type { Answer } from '../../../entry.ts';
import { accessField, restrictedValue } from '../../../identity.ts';
import type { Ask } from '../../../parent.ts';
import type { Mount, OriginDoor } from '../../../protocol.ts';
import type { Ahead } from '../ahead.ts';
import { notNamed } from '../errors.ts';
import type { Hosted } from '../hosted/claims.ts';
import { itemOf } from '../key.ts';
import { below, readPath } from '../path.ts';
import type { Next, Policy } from './policy.ts';

/** What is read is judged. What is pushed is not: signatures come after what they sign. */
export async function judged(
  policy: Policy,
  mount: Mount,
  hosted: Hosted | null,
  ask: Ask,
  door: OriginDoor,
  next: Next,
): Promise<Answer> {
  const { named, exchange } = ask;
  if (named.as !== 'pass') {
    const item = itemOf(named.key);
    if (item === null) throw notNamed();
    const answer = await policy.admit(item, ask, door, next);
    const { headers } = answer;
    if (answer.status === 403 && hosted?.claims(item.name) === true && !hosted.isPublic(item.name)) {
      headers.set(accessField, restrictedValue);
      headers.set('cache-control', 'no-store');
    }
    return answer;
  }
  const answer = await next(ask);
  const wanted = readPath(below(mount, exchange.path) ?? '');
  if (wanted.kind !== 'manifest' || answer.status >= 300) return answer;
  if (exchange.method !== 'DELETE') policy.pushed(wanted.name);
  return answer;
}

export const nothingAhead: Ahead = { foresee: () => {} };

/** Nothing is fetched of what may not be pulled. */
export function foreseeing(ahead: Ahead, policy: Policy | null): Ahead {
  if (policy === null) return ahead;
  return {
    foresee(name, manifest, ask, door) {
      policy.mayForesee(name, manifest, ask, door).then(
        (may) => may && ahead.foresee(name, manifest, ask, door),
        () => undefined, // whoever asks for the manifest hears why it could not be judged
      );
    },
  };
}
