/**
 * `Accept-Encoding` (RFC 9110 §12.5.3): which codings a client takes, and which of those on offer it gets.
 */
import { memoise } from './memo.ts';
import { fullWeight, weightOf } from './quality.ts';
import { split } from './syntax.ts';

/** The content codings that Meridian makes and stores. */
export type Coding = 'zstd' | 'br' | 'gzip' | 'identity';

/** In the order in which Meridian names them. */
export const codings: readonly Coding[] = Object.freeze(['zstd', 'br', 'gzip', 'identity']);

/** Weight of each coding in thousandths; 0: not acceptable. */
export type AcceptedCodings = Readonly<Record<Coding, number>>;

/**
 * The offered coding that the client prefers; of those that it likes equally the first. `undefined` when it
 * accepts none, which takes more than silence: `identity` is fine unless it was ruled out.
 *
 * Without the field anything is acceptable, but a client that does not ask for a coding seldom knows one:
 * it gets `identity` where that is offered.
 */
export function chooseEncoding(
  acceptEncoding: string | null,
  offered: readonly Coding[],
): Coding | undefined {
  if (acceptEncoding === null) return offered.includes('identity') ? 'identity' : offered[0];
  const accepted = acceptedCodings(acceptEncoding);
  let best: Coding | undefined;
  let bestWeight = 0;
  for (const coding of offered) {
    const weight = accepted[coding];
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

/** What a value of `Accept-Encoding` says of each coding. Of one that it names twice, the first counts. */
export const acceptedCodings: (value: string) => AcceptedCodings = memoise((value) => {
  const named = new Map<string, number>();
  for (const member of split(value, ',')) {
    const [name = '', ...parameters] = split(member, ';');
    const coding = canonical(name.toLowerCase());
    if (!named.has(coding)) named.set(coding, weightOf(parameters));
  }
  const others = named.get('*');
  const weigh = (coding: Coding, unnamed: number) => named.get(coding) ?? others ?? unnamed;
  return Object.freeze({
    zstd: weigh('zstd', 0),
    br: weigh('br', 0),
    gzip: weigh('gzip', 0),
    identity: weigh('identity', leastWeight),
  });
});

/** For `identity` where it goes without saying: acceptable, but after everything that is asked for. */
const leastWeight = 1 / fullWeight;

/** `x-gzip` is `gzip` (RFC 9110 §8.4.1.3). */
function canonical(coding: string): string {
  return coding === 'x-gzip' ? 'gzip' : coding;
}
