/**
 * What nodes are told of access: a view on the bus with the newest value of each user, team, grant and token. Every value has
 * the number of its change, so that an older one that comes late is known to be old; what is gone keeps a value that says so.
 */
import { z } from 'zod';
import { grant, team, token, user } from '../record.ts';

export const viewName = 'access';

const order = z.number().int().positive();

/** What is told of a token: not what it is called, and not its hash, which is its key. */
export const tokenNews = token.omit({ hash: true, label: true, createdMs: true });

export const news = z.discriminatedUnion('of', [
  z.object({ of: z.literal('user'), order, value: user.nullable() }),
  z.object({ of: z.literal('team'), order, value: team.nullable() }),
  z.object({ of: z.literal('grant'), order, value: grant.nullable() }),
  z.object({ of: z.literal('token'), order, value: tokenNews.nullable() }),
]);
export type News = z.output<typeof news>;

/** The key in the view: `token.<hash>`, `user.alice`. */
export function keyOf(of: News['of'], name: string): string {
  return `${of}.${name}`;
}

/** What comes after the kind of thing. */
export function nameIn(key: string): string {
  return key.slice(key.indexOf('.') + 1);
}
