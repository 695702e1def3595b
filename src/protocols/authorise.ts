/** Whether whoever asks may do what he asks for, where only the origin knows what that is. */
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Deed } from '../identity.ts';

/** @throws `unauthenticated`, `forbidden`. */
export function authorise({ identity }: Pick<Exchange, 'identity'>, deed: Deed): void {
  if (identity?.may(deed)) return;
  if (identity === undefined || identity.token === null)
    throw new MeridianError('unauthenticated', `${deed.subject} needs somebody who may ${deed.action}`);
  throw new MeridianError('forbidden', `${identity.name} has no right to ${deed.action}: ${deed.subject}`);
}
