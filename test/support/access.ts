/** Tokens and rights of a test network, as an operator gives them. */
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import type { TestNode } from './network.ts';

const made = z.object({ id: z.string(), token: z.string() });

export interface TokenOptions {
  readonly limit?: readonly Right[];
  readonly addresses?: readonly string[];
  readonly expiresS?: number;
}

/** A token of somebody who is added when he is not there, with these rights. */
export async function tokenFor(
  origin: TestNode,
  name: string,
  rights: readonly Right[],
  options: TokenOptions = {},
): Promise<{ readonly id: string; readonly token: string }> {
  const users = z.array(z.object({ name: z.string() })).parse(await origin.api('GET', '/users'));
  if (!users.some((user) => user.name === name)) await origin.api('POST', '/users', { name });
  for (const right of rights) await origin.api('POST', '/grants', { ...right, to: `user:${name}` });
  return made.parse(await origin.api('POST', '/tokens', { owner: `user:${name}`, ...options }));
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
