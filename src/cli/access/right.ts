/** Options that say what somebody may do. */
import { z } from 'zod';
import { right } from '../../access/record.ts';
import type { Right } from '../../identity.ts';
import { actions } from '../../identity.ts';
import { UsageError } from '../exit.ts';

export const rightOptions = {
  action: {
    type: 'string',
    array: true,
    requiresArg: true,
    choices: [...actions],
    describe: 'What may be done; may be repeated',
  },
  route: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'On which routes; * stands for any text (default: *)',
  },
  subject: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: "With which packages, such as '@acme/*' (default: *)",
  },
} as const;

interface RightValues {
  readonly action?: readonly string[] | undefined;
  readonly route?: readonly string[] | undefined;
  readonly subject?: readonly string[] | undefined;
}

/** `undefined` when nothing of it is said. */
export function rightIn({ action, route, subject }: RightValues): Right | undefined {
  if (action === undefined && route === undefined && subject === undefined) return undefined;
  const { data, error } = right.safeParse({
    actions: action ?? ['read'],
    routes: route ?? ['*'],
    subjects: subject ?? ['*'],
  });
  if (data === undefined) throw new UsageError(z.prettifyError(error));
  return data;
}
