/** Rights as sentences. */
import type { Right } from '../../data/api.ts';

const deeds = {
  read: 'read',
  publish: 'publish',
  delete: 'delete',
  admin: 'administer',
  prefetch: 'have PoPs fetch',
} as const satisfies Record<Right['actions'][number], string>;

/** Completes who: `may read and publish @acme/* on the route npm`. */
export function inWords({ actions, routes, subjects }: Right): string {
  const isAll = (patterns: readonly string[]) => patterns.includes('*');
  const what = isAll(subjects) ? 'everything' : listed(subjects);
  const where = isAll(routes)
    ? 'on every route'
    : `on the ${routes.length === 1 ? 'route' : 'routes'} ${listed(routes)}`;
  const isWhole = actions.includes('admin') && isAll(routes) && isAll(subjects);
  const whole = isWhole ? ', and so say who may do what in the whole network' : '';
  return `may ${listed(actions.map((action) => deeds[action]))} ${what} ${where}${whole}`;
}

/** `The team core`. */
export function whoIs(grantee: string): string {
  if (grantee === 'everyone') return 'Everyone, also without a token,';
  if (grantee === 'users') return 'Everybody with an account';
  const [, kind, name] = /^(user|team|machine):(.+)$/.exec(grantee) ?? [];
  return kind === undefined ? 'Whoever it is' : `The ${kind} ${name}`;
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
