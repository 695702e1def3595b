/**
 * Whether the client who has led to something may have it, as far as can be told before he asks for it. What the origin says of it counts
 * (`Foreseen.restricted`), what its name says, and what this node has seen of it.
 */
import type { Foreseen } from '../foresight.ts';
import { isRestricted } from '../identity.ts';
import type { Visitor } from '../predict/visitor.ts';
import { type ForeseenQuestion, questionFor } from './foreseen-question.ts';
import type { Node } from './node.ts';

export interface ForeseenRights {
  /** With whether it is for those only who have the right by name, as far as that is known. */
  said(asked: ForeseenQuestion, foreseen: Foreseen): Foreseen;
  mayHave(asked: ForeseenQuestion, foreseen: Foreseen, visitor: Visitor): boolean;
  /** Whether he may have all of it (`Surroundings.mayFollow`). */
  mayFollow(route: string, foreseen: readonly Foreseen[], visitor: Visitor): boolean | Promise<boolean>;
  /** An answer has turned out to be restricted. */
  note(route: string, target: string): void;
}

/** Addresses that are known to be restricted, beside what is stored. */
const mostNoted = 16_384;
/** Rows that are looked at before others get their turn. */
const atATime = 256;

export function openForeseenRights(node: Pick<Node, 'guard' | 'cache' | 'site' | 'clock'>): ForeseenRights {
  const { guard, cache } = node;
  /** The one that was noted first is the first. */
  const noted = new Set<bigint | number>();
  const idOf = (route: string, target: string) => Bun.hash(`${route} ${target}`);

  function isForSome({ route, resource, exchange }: ForeseenQuestion, { target, restricted }: Foreseen) {
    if (restricted === true || resource.isRestricted === true || noted.has(idOf(route.name, target)))
      return true;
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
      const asked = questionFor(node, route, each, visitor);
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
      const isNoted = ({ target }: Foreseen) => noted.size > 0 && noted.has(idOf(route, target));
      const doubtful = readsAll
        ? foreseen.filter((each) => each.restricted === true || isNoted(each))
        : foreseen;
      if (doubtful.length <= atATime) return mayAll(route, doubtful, visitor);
      return mayAllInTurns(route, doubtful, visitor);
    },
    note(route, target) {
      noted.add(idOf(route, target));
      if (noted.size <= mostNoted) return;
      const [oldest] = noted;
      if (oldest !== undefined) noted.delete(oldest);
    },
  };
}
