/** What a node says of its predictions: what they have come to since it was started, and how they stand now. */
import { z } from 'zod';

export const tally = z.object({
  /** Followed, and not there already. */
  foreseen: z.number(),
  /** Of these, fetched. */
  fetched: z.number(),
  fetchedBytes: z.number(),
  /** Fetched, and then asked for by a client. */
  used: z.number(),
  usedBytes: z.number(),
  /** Fetched, and not asked for in time. */
  inVain: z.number(),
  inVainBytes: z.number(),
  /** Could not be had. */
  failed: z.number(),
  /** ms that clients would have waited longer. */
  savedMs: z.number(),
  /** Not followed: too unlikely for how good predictions have been lately. */
  doubted: z.number(),
  /** Not fetched: there was no room, or it had waited for too long. */
  left: z.number(),
});
export type Tally = z.output<typeof tally>;

export const predicted = z.object({
  /** By what led to them; a newer node may know of more. */
  sources: z.record(z.string(), tally),
  /** Requests that nobody had foreseen, and that went to the parent. */
  unforeseen: z.number(),
});
export type Predicted = Readonly<z.output<typeof predicted>>;

/** Of a report. */
export const mostStandings = 200;

const standing = z.object({
  source: z.string(),
  route: z.string(),
  /** Of what was judged lately, the share that was used, 0 to 1; `null`: too little was. */
  precision: z.number().nullable(),
  /** What is less likely is not followed, 0 to 1. Above 1: nothing is, but for a trial now and then. */
  threshold: z.number(),
});
/** How good predictions of one kind are on one route, and what that leads to. */
export type Standing = Readonly<z.output<typeof standing>>;

export const predicting = z.object({
  /** Share of what is fetched that shall be used, 0 to 1. */
  goal: z.number(),
  /** Clients who have asked for something in the last minute. */
  sessions: z.number(),
  waiting: z.number(),
  underWay: z.number(),
  /** That may be on their way at once, by how full the way to the parents is. */
  windowBytes: z.number(),
  /** That may be under way at once, by the config. */
  atOnce: z.number(),
  /** What nobody has come for yet, and what that may take. */
  unusedBytes: z.number(),
  roomBytes: z.number(),
  /** `null`: nothing is learned. */
  learned: z.object({ names: z.number(), bytes: z.number() }).nullable(),
  standings: z.array(standing).max(mostStandings).readonly(),
});
export type PredictingState = Readonly<z.output<typeof predicting>>;

/**
 * What has become of something that was foreseen. On its way: `waiting`, `coming`. Here: `here`, `used` by a client. Not fetched: `doubted` (too unlikely),
 * `long`, `room` (there was none), `late` (it had waited for too long), `held` (which of several versions the client wants is not clear). `failed`; `vain`: nobody came for it in time.
 */
export const fate = z.enum([
  ...['waiting', 'coming', 'here', 'used', 'doubted', 'long', 'room', 'late', 'held', 'failed', 'vain'],
] as const);
export type Fate = z.output<typeof fate>;

/** What predictions of a PoP make of a request. */
export const foretold = z.object({
  /** The last that is known; `null`: it was not foreseen lately. */
  lately: z.object({ source: z.string(), fate, agoS: z.number() }).nullable(),
  /** What it tells of those that come next: a question to the origin, and so many things without asking. `null`: nothing. */
  leads: z.object({ question: z.string().nullable(), foreseen: z.number() }).nullable(),
});
export type Foretold = Readonly<z.output<typeof foretold>>;
