/** What predictions have come to, added up and read: one definition of each figure. */
import type { Predicted } from './api.ts';

export type Tally = Predicted['sources'][string];

const none: Tally = {
  ...{ foreseen: 0, fetched: 0, fetchedBytes: 0, used: 0, usedBytes: 0, inVain: 0, inVainBytes: 0 },
  ...{ failed: 0, doubted: 0, left: 0, savedMs: 0 },
};
const fields = Object.keys(none) as (keyof Tally)[];

function plus(a: Tally, b: Tally): Tally {
  const sum = { ...a };
  for (const field of fields) sum[field] += b[field];
  return sum;
}

export function plusPredicted(a: Predicted | undefined, b: Predicted | undefined): Predicted | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sources = { ...a.sources };
  for (const [name, tally] of Object.entries(b.sources)) sources[name] = plus(sources[name] ?? none, tally);
  return { sources, unforeseen: a.unforeseen + b.unforeseen };
}

/** As many times each. */
export function scaledPredicted({ sources, unforeseen }: Predicted, by: number): Predicted {
  const scaled = Object.entries(sources).map(([name, tally]): [string, Tally] => {
    const each = { ...tally };
    for (const field of fields) each[field] *= by;
    return [name, each];
  });
  return { sources: Object.fromEntries(scaled), unforeseen: unforeseen * by };
}

/** Of all sources. */
export function tallyOf({ sources }: Predicted): Tally {
  return Object.values(sources).reduce(plus, none);
}

/** Of what is known to have been used or not, the share that was; `null` where that is known of nothing. */
export function precisionOf({ used, inVain }: Tally): number | null {
  return used + inVain === 0 ? null : used / (used + inVain);
}

/** Of what clients would have waited for, the share that was foreseen; `null` where they would have waited for nothing. */
export function recallOf(predicted: Predicted): number | null {
  const { used } = tallyOf(predicted);
  return used + predicted.unforeseen === 0 ? null : used / (used + predicted.unforeseen);
}

const sourceWords: Readonly<Record<string, readonly [title: string, note: string]>> = {
  known: ['Dependencies', 'what the protocol knows to follow'],
  learned: ['Learned', 'what clients asked for after it before'],
  scheduled: ['Time of day', 'what is asked for at this time on other days'],
  told: ['Told by clients', 'what a client has sent a list of'],
  linked: ['Links', 'what an answer names'],
  renewed: ['Renewed', 'what is in use, before it is too old'],
};

/** One that a newer node tells of has its own name. */
export function sourceInWords(source: string): { readonly title: string; readonly note: string } {
  const [title, note] = sourceWords[source] ?? [source, ''];
  return { title, note };
}
