/**
 * What somebody may do: the rights that he has been given, within what his token is limited to. Worked out once for each
 * identity, and asked for each of its requests.
 */
import type { Action, Deed, Right } from '../identity.ts';
import { type NameTest, nameTest } from './pattern.ts';

export interface Rights {
  /** Given to everybody, who may use them for what is not restricted. */
  readonly common: readonly Right[];
  /** Given to him, to a team of his, or to all who have an account. */
  readonly own: readonly Right[];
  /** Of what he has been given, no more than this: what his token was made for. `null`: all of it. */
  readonly limit: readonly Right[] | null;
}

export function allowing({ common, own, limit }: Rights): (deed: Deed) => boolean {
  const byEverybody = anyOf(common);
  const byOwn = anyOf(own);
  const within = limit === null ? null : anyOf(limit);
  return (deed) =>
    (byOwn(deed) || (!deed.restricted && byEverybody(deed))) && (within === null || within(deed));
}

interface CompiledRight {
  readonly actions: ReadonlySet<Action>;
  readonly routes: NameTest;
  readonly subjects: NameTest;
}

function anyOf(rights: readonly Right[]): (deed: Deed) => boolean {
  const compiled = rights.map(
    (right): CompiledRight => ({
      actions: new Set(right.actions),
      routes: nameTest(right.routes),
      subjects: nameTest(right.subjects),
    }),
  );
  return ({ action, route, subject }) =>
    compiled.some(
      ({ actions, routes, subjects }) => actions.has(action) && routes(route) && subjects(subject),
    );
}
