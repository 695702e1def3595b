/** What every route says of itself, told apart from what its protocol is told. */
import type { z } from 'zod';
import type { Frozen } from './frozen.ts';
import type { route } from './schema.ts';

/** A route with its protocol's parameters under the protocol's name. */
export type RouteInput = Frozen<z.input<typeof route>>;

export type Placement = Pick<RouteInput, 'name' | 'match' | 'access' | 'replicate' | 'retention' | 'offline'>;

/** Of what is not said, nothing is left. */
export function apart<Input extends Placement>(input: Input) {
  const { name, match, access, replicate, retention, offline, ...settings } = input;
  const given: Placement = { name, match, access, replicate, retention, offline };
  const place: Placement = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return { place, settings };
}
