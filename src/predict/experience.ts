/** What follows by what was seen: after a request, and at a time of day. */
import type { Clock } from '../clock.ts';
import type { Foreseen } from '../foresight.ts';
import type { Learned, Likely, Trail } from './learned/learned.ts';
import { foreseenOf } from './learned-name.ts';
import type { Source } from './score.ts';
import type { Visitor } from './visitor.ts';

export interface Experience {
  /** A client has asked for something of this route. */
  heard(route: string, visitor: Visitor): void;
  /** Follows what came after this. @param nowMs since the epoch. */
  followFrom(name: string, nowMs: number, trail: Trail | null, visitor: Visitor): void;
  close(): void;
}

export interface ExperienceOptions {
  readonly clock: Clock;
  /** `null`: nothing is learned. */
  readonly learned: Learned | null;
  follow(route: string, foreseen: readonly Foreseen[], source: Source, visitor: Visitor): void;
}

const dueEveryMs = 60_000;
const dueWithinMs = 2 * 60_000;

export function openExperience({ clock, learned, follow }: ExperienceOptions): Experience {
  /** In whose words something is fetched that no client has led to: the last one's, with nobody's rights. */
  const lastOf = new Map<string, Visitor>();
  let cancel = clock.after(dueEveryMs, lookAtClock);

  function followAll(
    all: readonly Likely[],
    source: Source,
    visitorOf: (route: string) => Visitor | null,
  ): void {
    const byRoute = Map.groupBy(all, ({ name }) => name.slice(0, name.indexOf(' ')));
    for (const [route, rows] of byRoute) {
      const visitor = visitorOf(route);
      if (visitor !== null) follow(route, rows.map(foreseenOf), source, visitor);
    }
  }

  /** What begins soon, by the time of day. */
  function lookAtClock(): void {
    cancel = clock.after(dueEveryMs, lookAtClock);
    if (learned === null) return;
    followAll(learned.due(clock.now(), dueWithinMs), 'scheduled', (route) => {
      const last = lastOf.get(route);
      return last ? { ...last, identity: null } : null;
    });
  }

  return {
    heard: (route, visitor) => void lastOf.set(route, visitor),
    followFrom(name, nowMs, trail, visitor) {
      if (learned !== null)
        followAll(learned.after(name, nowMs, trail ?? undefined), 'learned', () => visitor);
    },
    close: () => cancel(),
  };
}
