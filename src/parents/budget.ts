/**
 * How much may be asked beyond what is asked for: a share of the requests of the last ten seconds, and a few in any case,
 * so that a parent in trouble is not asked for several times what it could not do once.
 */

export interface Budget {
  /** A request, which earns its share. */
  earn(nowMs: number): void;
  /** Takes one request more than was asked for, if there is room. */
  spend(nowMs: number): boolean;
}

export interface BudgetLimits {
  /** Of a hundred requests, so many may be added. */
  readonly percent: number;
  /** Within ten seconds, however few the requests are. */
  readonly atLeast: number;
}

const slotMs = 1000;
const slots = 10;

/** Times are those of `Clock.elapsed()`, and never go back. */
export function budget({ percent, atLeast }: BudgetLimits): Budget {
  const earned = new Uint32Array(slots);
  const spent = new Uint32Array(slots);
  let slot = 0;
  let earnedAll = 0;
  let spentAll = 0;

  /** Forgets what is older than the window. */
  function moveTo(nowMs: number): number {
    const now = Math.floor(nowMs / slotMs);
    for (let passed = Math.min(now - slot, slots); passed > 0; passed--) {
      const at = (now - passed + 1) % slots;
      earnedAll -= earned[at] ?? 0;
      spentAll -= spent[at] ?? 0;
      earned[at] = 0;
      spent[at] = 0;
    }
    if (now > slot) slot = now;
    return slot % slots;
  }

  return {
    earn(nowMs) {
      const at = moveTo(nowMs);
      earned[at] = (earned[at] ?? 0) + 1;
      earnedAll++;
    },
    spend(nowMs) {
      const at = moveTo(nowMs);
      if (spentAll + 1 > Math.max(atLeast, (earnedAll * percent) / 100)) return false;
      spent[at] = (spent[at] ?? 0) + 1;
      spentAll++;
      return true;
    },
  };
}
