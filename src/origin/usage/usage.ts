/**
 * Counts what comes and goes, and holds it against its bounds, in the transaction in which it does: of two who would both
 * exceed a bound together, one is refused.
 */
import { MeridianError } from '../../errors.ts';
import type { Bounds, DocumentReader, Owned, Usage, Weight } from '../../store.ts';
import {
  type Amount,
  changeUse,
  packageUseKey,
  routeUses,
  scopeOf,
  scopeUses,
  sumBelow,
  useAt,
} from './totals.ts';

/** Passing one of these shares of a bound is worth a line in the log. */
const alertAt = [0.8, 0.95];

export interface UsageOptions {
  /** Bound of everything in the store, as it is now. */
  readonly storeBytes: () => number | undefined;
  /** `1.5 GiB`. */
  readonly inWords: (bytes: number) => string;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openUsage(options: UsageOptions): Usage {
  const { warn } = options;
  return {
    async charge(transaction, owned, more, bounds) {
      const used = await useAt(transaction, packageUseKey(owned));
      const near: Near[] = [];
      for (const bounded of await boundsOn(transaction, owned, used, more, bounds, options)) {
        const { subject, before, added, bound, inWords } = bounded;
        const after = before + added;
        if (after > bound) {
          const detail = `${subject} takes ${inWords(before)} of ${inWords(bound)}, and ${inWords(added)} more do not fit`;
          throw new MeridianError('quota-exceeded', detail);
        }
        if (alertAt.some((share) => before < share * bound && after >= share * bound))
          near.push({ what: subject, used: inWords(after), bound: inWords(bound), share: after / bound });
      }
      await changeUse(transaction, owned, used, {
        versions: used.versions + more.versions,
        bytes: used.bytes + more.bytes,
      });
      return () => {
        for (const { share, ...each } of near) warn(`${Math.floor(share * 100)}% of a quota is used`, each);
      };
    },

    async discharge(transaction, owned, less) {
      const used = await useAt(transaction, packageUseKey(owned));
      // Never below nothing: what was there before totals were kept has not been counted yet.
      await changeUse(transaction, owned, used, {
        versions: Math.max(0, used.versions - less.versions),
        bytes: Math.max(0, used.bytes - less.bytes),
      });
    },
  };
}

interface Near {
  readonly what: string;
  readonly used: string;
  readonly bound: string;
  readonly share: number;
}

interface Bounded {
  readonly subject: string;
  readonly before: number;
  readonly added: number;
  readonly bound: number;
  readonly inWords: (number: number) => string;
}

/** Totals are only read where they are bounded: whoever reads one collides with whoever writes it. */
async function boundsOn(
  reader: DocumentReader,
  { route, kept, name }: Owned,
  used: Amount,
  more: Weight,
  bounds: Bounds,
  { storeBytes, inWords }: UsageOptions,
): Promise<readonly Bounded[]> {
  const found: Bounded[] = [];
  const ofBytes = { added: more.bytes, inWords };
  const scope = scopeOf(name);
  if (bounds.versions !== undefined) {
    const ofVersions = { added: more.versions, inWords: versionsInWords };
    found.push({ subject: name, before: used.versions, bound: bounds.versions, ...ofVersions });
  }
  if (bounds.packageBytes !== undefined)
    found.push({ subject: name, before: used.bytes, bound: bounds.packageBytes, ...ofBytes });
  if (bounds.scopeBytes !== undefined && scope !== '') {
    const { bytes } = await sumBelow(reader, scopeUses(route, kept, scope));
    found.push({ subject: `the scope ${scope}`, before: bytes, bound: bounds.scopeBytes, ...ofBytes });
  }
  if (bounds.routeBytes !== undefined) {
    const { bytes } = await sumBelow(reader, routeUses(route, kept));
    const subject = `what is ${kept} on the route ${route}`;
    found.push({ subject, before: bytes, bound: bounds.routeBytes, ...ofBytes });
  }
  const everything = storeBytes();
  if (everything !== undefined) {
    const { bytes } = await sumBelow(reader, routeUses());
    found.push({ subject: 'the store', before: bytes, bound: everything, ...ofBytes });
  }
  return found;
}

function versionsInWords(number: number): string {
  return number === 1 ? '1 version' : `${number} versions`;
}
