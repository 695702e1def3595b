/**
 * What is written down about access: at the origin as documents, and, but for passwords, at every PoP as well. Read from
 * outside, so parsed; times are ms since the epoch.
 */
import { z } from 'zod';
import { cidrSet } from '../http/cidr.ts';
import { actions } from '../identity.ts';

/** Of a user or a team. */
export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'expected up to 64 of a-z, 0-9, dots, hyphens and underscores, the first a letter or a digit',
});
/** Of a user: long enough not to be guessed in a life, short enough to be hashed. */
export const password = z.string().min(10).max(1024);
const pattern = z.string().min(1).max(214);

const block = z.string().refine(isBlock, { error: 'expected an address or a block such as 10.0.0.0/8' });

export const right = z.object({
  actions: z.array(z.enum(actions)).min(1).readonly(),
  /** Names of routes; `*` stands for any text. */
  routes: z.array(pattern).min(1).max(64).readonly(),
  /** Names of packages, repositories, …; `*` stands for any text. */
  subjects: z.array(pattern).min(1).max(256).readonly(),
});

export const user = z.object({
  name,
  email: z.string().max(254).nullable(),
  createdMs: z.number(),
  /** Nothing that he holds is good for anything while this is so. */
  disabled: z.boolean(),
});
export type User = z.output<typeof user>;

export const team = z.object({ name, createdMs: z.number(), members: z.array(name).max(10_000).readonly() });
export type Team = z.output<typeof team>;

/** `everyone`: also who brings no credential. `users`: all who have an account. */
export const grantee = z.union(
  [
    z.literal(['everyone', 'users']),
    z.templateLiteral([z.literal(['user:', 'team:', 'machine:']), z.string().min(1).max(214)]),
  ],
  { error: 'expected everyone, users, user:<name>, team:<name> or machine:<name>' },
);
export type Grantee = z.output<typeof grantee>;

export const grant = right.extend({ id: z.string(), to: grantee, createdMs: z.number(), by: z.string() });
export type Grant = z.output<typeof grant>;

export const token = z.object({
  /** Public: what it is called where tokens are listed. */
  id: z.string().regex(/^[0-9a-z]{12}$/),
  hash: z.string().regex(/^[\w-]{43}$/),
  /** What its owner calls it. */
  label: z.string().max(200),
  owner: z.templateLiteral([z.literal(['user:', 'machine:']), z.string().min(1).max(214)], {
    error: 'expected user:<name> or machine:<name>',
  }),
  createdMs: z.number(),
  expiresMs: z.number().nullable(),
  /** Blocks of client addresses (CIDR) that it is good for; none: any. */
  addresses: z.array(block).max(64).readonly(),
  /** No more than this of what its owner may do; `null`: all of it. */
  limit: z.array(right).max(64).readonly().nullable(),
});
export type Token = z.output<typeof token>;

function isBlock(text: string): boolean {
  try {
    return cidrSet([text]).size === 1;
  } catch {
    return false; // which is what was asked
  }
}
