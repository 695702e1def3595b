/**
 * A packument has two forms: the full one, and an abbreviated one that holds what an installer needs.
 * Clients say in `Accept` which they prefer.
 */
import { prefers } from '../../http/accept.ts';
import { memoise } from '../../http/memo.ts';

export type Form = 'abbreviated' | 'full';

export const mediaTypes = {
  abbreviated: 'application/vnd.npm.install-v1+json',
  full: 'application/json',
} as const satisfies Record<Form, string>;

/**
 * The form that an `Accept` field prefers. Whoever does not care gets the full one: that is mostly people
 * and tools that want to see everything.
 */
export function preferredForm(accept: string | null): Form {
  return accept === null ? 'full' : preferred(accept);
}

const offered = [mediaTypes.full, mediaTypes.abbreviated];
const preferred = memoise(
  (accept): Form => (prefers(accept, offered) === mediaTypes.abbreviated ? 'abbreviated' : 'full'),
);
