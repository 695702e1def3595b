/**
 * Whether the client who has led to something may have it, as far as can be told before he asks for it. What the origin says of it counts
 * (`Foreseen.restricted`), what its name says, and what this node has seen of it.
 */
import type { Foreseen } from '../foresight.ts';
import { isRestricted } from '../identity.ts';
import type { Restricted } from '../predict/restricted.ts';
import type { Visitor } from '../predict/visitor.ts';
import { type ForeseenQuestion, questionOfClient } from './foreseen-question.ts';
import type { Node } from './node.ts';
import type { Answered } from './prediction.ts';

export interface ForeseenRights {
  /** With whether it is for those only who have the right by name, as far as that is known. */
  said(asked: ForeseenQuestion, foreseen: Foreseen): Foreseen;
  mayHave(asked: ForeseenQuestion, foreseen: Foreseen, visitor: Visitor): boolean;
  /** Whether he may have all of it (`Surroundings.mayFollow`). */
  mayFollow(route: string, foreseen: readonly Foreseen[], visitor: Visitor): boolean | Promise<boolean>;
  /** As of `Prediction.noteRestricted`. */
  note(answered: Answered, isRestricted: boolean): void;
}

/** Rows that are looked at before others get their turn. */
const atATime = 256;

/** @param noted what is known to be restricted, beside what is stored. */
export function openForeseenRights(
  node: Pick<Node, 'guard' | 'cache' | 'site' | 'clock' | 'audience'>,
  noted: Restricted,
): ForeseenRights {
  const { guard, cache } = node;

  function isForSome({ route, resource, exchange }: ForeseenQuestion, { target, restricted }: Foreseen) {
    if (restricted === true || resource.isRestricted === true) return true;
    if (noted.has(nameOf({ route: route.name, resource, target }))) return true;
    const stored = cache.stored(resource, exchange);
    return stored !== null && isRestricted(stored.entry.fields);
  }

  function mayHave(asked: ForeseenQuestion, foreseen: Foreseen, { identity }: Visitor): boolean {
    const { route, resource } = asked;
    if (guard === null) return true;
    const restricted = isForSome(asked, foreseen);
    if (guard.isOpen(route.name) && !restricted) return true;
    const { subject = '' } = resource;
    return identity?.may({ action: 'read', route: route.name, subject, restricted }) === true;
  }

  /** What cannot be named cannot be judged: of what is only foreseen, that is nobody's. */
  function mayAll(route: string, rows: readonly Foreseen[], visitor: Visitor): boolean {
    return rows.every((each) => {
      const asked = questionOfClient(node, route, each, visitor);
      return asked !== null && mayHave(asked, each, visitor);
    });
  }

  async function mayAllInTurns(route: string, rows: readonly Foreseen[], visitor: Visitor): Promise<boolean> {
    for (let at = 0; at < rows.length; at += atATime) {
      if (!mayAll(route, rows.slice(at, at + atATime), visitor)) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }

  return {
    said: (asked, foreseen) => (isForSome(asked, foreseen) ? { ...foreseen, restricted: true } : foreseen),
    mayHave,
    mayFollow(route, foreseen, visitor) {
      if (guard === null) return true;
      const { identity } = visitor;
      const readsAll =
        guard.isOpen(route) ||
        identity?.may({ action: 'read', route, subject: '', restricted: false }) === true;
      const isOpen = readsAll && noted.size === 0;
      const doubtful = isOpen ? foreseen.filter((each) => each.restricted === true) : foreseen;
      if (doubtful.length <= atATime) return mayAll(route, doubtful, visitor);
      return mayAllInTurns(route, doubtful, visitor);
    },
    note(answered, isRestricted) {
      if (guard !== null) noted.note(nameOf(answered), isRestricted);
    },
  };
}

/** Whatever is of one package is for the same people. */
function nameOf({ route, resource: { subject = '' }, target }: Answered): string {
  return `${route} ${subject || target}`;
}
