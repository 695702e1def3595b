/**
 * How clients of a PoP ask for what is made for them: by which address they reach it, which it writes into documents, and which codings they
 * take. Noted on the way to the parent, so that what nodes are told to have is had as these clients are going to ask for it.
 */
import type { Exchange } from '../exchange.ts';

export interface Visitor {
  /** Without a trailing slash. */
  readonly base: string;
  /** Value of `Accept-Encoding`; empty: none. */
  readonly codings: string;
}

export interface Audience {
  saw(route: string, exchange: Exchange): void;
  /** Those who ask most, the most frequent first. */
  of(route: string): readonly Visitor[];
}

/** Of a route: who is counted, and who is told of. */
const mostCounted = 64;
const mostTold = 6;
/** A longer address, or a longer list of codings, is nobody's that counts. */
const longest = 300;

interface Counted extends Visitor {
  times: number;
}

export function openAudience(): Audience {
  const routes = new Map<string, Map<string, Counted>>();

  return {
    saw(route, { base, headers }) {
      const codings = headers.get('accept-encoding') ?? '';
      if (base === '' || base.length > longest || codings.length > longest) return;
      const counted = routes.get(route) ?? new Map<string, Counted>();
      routes.set(route, counted);
      const name = `${base} ${codings}`;
      const known = counted.get(name);
      if (known !== undefined) known.times++;
      else {
        if (counted.size >= mostCounted) makeRoom(counted);
        counted.set(name, { base, codings, times: 1 });
      }
    },
    of(route) {
      const counted = [...(routes.get(route)?.values() ?? [])].sort((a, b) => b.times - a.times);
      return counted.slice(0, mostTold).map(({ base, codings }) => ({ base, codings }));
    },
  };
}

/** Half of what was counted counts no more, and whoever has come once goes: who comes often is not driven out by who comes with many names. */
function makeRoom(counted: Map<string, Counted>): void {
  for (const [name, visitor] of counted) {
    visitor.times = Math.floor(visitor.times / 2);
    if (visitor.times === 0) counted.delete(name);
  }
  const [oldest] = counted.keys();
  if (counted.size >= mostCounted && oldest !== undefined) counted.delete(oldest);
}
