/**
 * `Accept` (RFC 9110 §12.5.1): which of the media types on offer a client prefers.
 */
import { memoise } from './memo.ts';
import { isWeight, weightOf } from './quality.ts';
import { isToken, split } from './syntax.ts';

/**
 * The offered media type that the client weighs highest; of those that it weighs equally the first.
 * `undefined` when it accepts none (406). A field that is absent, or holds no media range, accepts everything.
 *
 * @param offered such as `application/json` or `text/plain;version=0.0.4`.
 */
export function prefers(accept: string | null, offered: readonly string[]): string | undefined {
  const ranges = accept === null ? nothing : mediaRanges(accept);
  if (ranges.length === 0) return offered[0];
  let best: string | undefined;
  let bestWeight = 0;
  for (const type of offered) {
    const weight = weightFor(mediaType(type), ranges);
    if (weight > bestWeight) {
      best = type;
      bestWeight = weight;
    }
  }
  return best;
}

interface MediaRange {
  /** In lower case; `*` for any. */
  readonly type: string;
  readonly subtype: string;
  /** `name=value` in lower case, without the weight. */
  readonly parameters: readonly string[];
  /** Thousandths. */
  readonly weight: number;
}

const nothing: readonly MediaRange[] = [];

/** The most specific first: for each media type the first range that matches it decides. */
const mediaRanges = memoise((value): readonly MediaRange[] => {
  const ranges = split(value, ',').flatMap((member) => parse(member) ?? []);
  return ranges.sort((a, b) => specificity(b) - specificity(a));
});

const mediaType = memoise((value): MediaRange => parse(value) ?? unmatched);
const unmatched: MediaRange = { type: '', subtype: '', parameters: [], weight: 0 };

function weightFor(offer: MediaRange, ranges: readonly MediaRange[]): number {
  for (const range of ranges) {
    if (matches(range, offer)) return range.weight;
  }
  return 0;
}

function matches(range: MediaRange, offer: MediaRange): boolean {
  if (range.type !== '*' && range.type !== offer.type) return false;
  if (range.subtype !== '*' && range.subtype !== offer.subtype) return false;
  return range.parameters.every((parameter) => offer.parameters.includes(parameter));
}

/**
 * `undefined` for what is not a media range. Two liberties, for what common clients send: a single `*` means
 * `*` `/` `*` (the Java runtime), and `charset` is left out (a JSON document has but one).
 */
function parse(member: string): MediaRange | undefined {
  const [name = '', ...parameters] = split(member.toLowerCase(), ';');
  const [type = '', subtype = '', ...rest] = (name === '*' ? '*/*' : name).split('/');
  if (rest.length > 0 || !isToken(type) || !isToken(subtype) || (type === '*' && subtype !== '*'))
    return undefined;
  const end = parameters.findIndex(isWeight);
  const own = end === -1 ? parameters : parameters.slice(0, end);
  return {
    type,
    subtype,
    parameters: own.filter((parameter) => !parameter.startsWith('charset=')),
    weight: weightOf(parameters),
  };
}

function specificity(range: MediaRange): number {
  if (range.type === '*') return 0;
  return range.subtype === '*' ? 1 : 2 + range.parameters.length;
}
