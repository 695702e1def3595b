/** What is asked for most, and by whom, as the API tells it. */
import { z } from 'zod';

const amounts = {
  requests: z.number(),
  /** Of these: answered with the thing itself (a tarball), all of it. */
  downloads: z.number(),
  /** Of bodies, as announced by their heads. */
  bytes: z.number(),
};

const ranked = z.object({
  route: z.string(),
  /** A package, or the id of a token; `anonymous` for whoever has none. */
  name: z.string(),
  ...amounts,
  /** Of the requests of all, 0 to 1. */
  share: z.number(),
  /** Where they came: the most first. `share`: of this line's requests. */
  nodes: z.array(z.object({ node: z.string(), ...amounts, share: z.number() })),
  /** Of a token that there is. */
  owner: z.string().nullable(),
  label: z.string().nullable(),
});

export const topKinds = ['package', 'token'] as const;

export const topAnswer = z.object({
  by: z.enum(topKinds),
  /** Whole days (UTC): when the first one began, and when the last one ends; ms since the epoch. */
  fromMs: z.number(),
  toMs: z.number(),
  total: z.object(amounts),
  /** A count is too low by no more than this, in requests; what is not listed had no more. */
  missed: z.number(),
  /** The most requests first. */
  top: z.array(ranked),
});
export type TopAnswer = z.output<typeof topAnswer>;

/** Whose tokens fetched a package, the most first; those who fetched a little may be missing. */
export const whoAnswer = z.array(
  z.object({
    token: z.string(),
    /** Of a token that there is. */
    owner: z.string().nullable(),
    label: z.string().nullable(),
    ...amounts,
  }),
);

interface Amounts {
  readonly requests: number;
  readonly downloads: number;
  readonly bytes: number;
}

/** What an origin has been told, day by day. */
export interface TopDesk {
  read(query: {
    readonly by: (typeof topKinds)[number];
    readonly fromMs: number;
    readonly toMs: number;
    readonly route?: string | undefined;
    readonly node?: string | undefined;
    readonly name?: string | undefined;
    readonly limit: number;
  }): {
    readonly fromMs: number;
    readonly toMs: number;
    readonly total: Amounts;
    readonly missed: number;
    readonly top: readonly (Amounts & {
      readonly route: string;
      readonly name: string;
      readonly nodes: readonly (Amounts & { readonly node: string })[];
    })[];
  };
  who(query: {
    readonly route: string;
    readonly name: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly limit: number;
  }): readonly (Amounts & { readonly token: string })[];
}
