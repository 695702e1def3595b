/** Whether a package may be changed by whoever asks, and lives here at all. */
import type { Action } from '../../../identity.ts';
import * as rights from '../../authorise.ts';
import type { Pulling } from '../ecosystem.ts';
import type { Hosted } from './claims.ts';
import { Refusal } from './refusal.ts';

export type Asking = {
  readonly registry: Pick<Pulling['registry'], 'route' | 'hosted'>;
} & { readonly ask: Pick<Pulling['ask'], 'exchange'> };

/** @param name in canonical form. @throws `unauthenticated`, `forbidden`. */
export function authorise({ registry, ask }: Asking, action: Action, name: string): void {
  const restricted = registry.hosted !== null && !registry.hosted.isPublic(name);
  rights.authorise(ask.exchange, { action, route: registry.route, subject: name, restricted });
}

/** Where it lives. @throws a `Refusal` where it does not live here. */
export function homeOf({ registry }: Pick<Asking, 'registry'>, name: string): Hosted {
  if (registry.hosted?.claims(name) === true) return registry.hosted;
  throw new Refusal(
    403,
    `${name} does not live here: the config of the route says what does (\`hosted.names\`).`,
  );
}
