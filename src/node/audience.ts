/**
 * How clients of a PoP ask for what is made for them: by which address they reach it, which it writes into documents, and which codings they
 * take. Noted on the way to the parent, so that what is had before they ask is had as they are going to ask for it.
 */
import type { Exchange } from '../exchange.ts';
import type { Codings } from '../predict/codings.ts';
import { type Counted, openCounted } from '../predict/counted.ts';

export interface Audience {
  readonly codings: Codings;
  saw(route: string, kind: string, exchange: Exchange): void;
  /** Without a trailing slash: those by which most come, the most frequent first. */
  bases(route: string): readonly string[];
}

/** Of a route: which are counted, and which are told. */
const mostCounted = 64;
const mostTold = 6;
/** A longer address is nobody's that counts. */
const longest = 300;

export function openAudience(codings: Codings): Audience {
  const routes = new Map<string, Counted>();

  return {
    codings,
    saw(route, kind, { base, headers }) {
      if (base === '' || base.length > longest) return;
      const counted = routes.get(route) ?? openCounted(mostCounted);
      routes.set(route, counted);
      counted.add(base);
      const agent = headers.get('user-agent') ?? '';
      codings.saw(route, kind, agent, headers.get('accept-encoding') ?? '');
    },
    bases: (route) => (routes.get(route)?.all() ?? []).slice(0, mostTold).map(([base]) => base),
  };
}
