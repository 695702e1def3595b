/** What the part that predicts is lent, and told: it knows neither protocols nor caches. */
import type { Clock } from '../clock.ts';
import type { Clue, Doing, Foreseen } from '../foresight.ts';
import type { Way } from '../parent.ts';
import type { CacheKey } from '../resource.ts';
import type { Learned } from './learned/learned.ts';
import type { Source } from './score.ts';
import type { Visitor } from './visitor.ts';

export interface PredictLimits {
  /** Fetched at once. */
  readonly atOnce: number;
  readonly bytesPerS?: number | undefined;
  /** Share of what is fetched that shall be used, 0 to 1. */
  readonly precision: number;
  /** For how long a client may come for it, ms. */
  readonly usableMs: number;
  /** What nobody has come for yet takes no more than this. */
  readonly roomBytes: number;
  /** A longer object is not fetched on a guess. */
  readonly objectBytes: number;
}

/** Something that is missing here, and how it is fetched. */
export interface Prospect {
  readonly key: CacheKey;
  /** Resolves when all of it is here, or turns out not to be for keeping. Fails with an `Error` that says why it could not be had. */
  fetch(progress: Progress): Promise<Fetched>;
}

/** How far it has come, as far as that is known before its end. */
export interface Progress {
  /** It has so many bytes. */
  announced(bytes: number): void;
  /** More of them have come. */
  arrived(bytes: number): void;
}

/** Something that another process keeps: once it is told, it is none of this one's business any more. */
export interface Elsewhere {
  readonly key: CacheKey;
  tell(): void;
}

export interface Fetched {
  /** That came for it. */
  readonly bytes: number;
  /** It is here now. */
  readonly isKept: boolean;
  /** How long the parent took until its answer began; `null`: it was not asked. */
  readonly firstByteMs: number | null;
}

/** By what a question has come up. */
export interface Asker {
  readonly source: Source;
  readonly visitor: Visitor;
  /** What has led to it was here. */
  readonly isServed: boolean;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly limits: () => PredictLimits;
  /** `null`: it is here, or on its way; it cannot be kept; or this client may not have it. */
  look(route: string, foreseen: Foreseen, visitor: Visitor, source: Source): Prospect | Elsewhere | null;
  /** What this would be kept as; `null`: it is no address of the route, or of nothing that is kept. */
  keyOf(route: string, target: string, visitor: Visitor): CacheKey | null;
  /**
   * Whether this client may know of all of it: else he is led to none of it, as what comes with something tells of that. A promise where it takes
   * long to find out.
   */
  mayFollow(route: string, foreseen: readonly Foreseen[], visitor: Visitor): boolean | Promise<boolean>;
  /** How full the way to the parents is; asked again and again while something is fetched. `null`: nothing is known yet. */
  way(): Way | null;
  /** Asks the origin. Nothing, where all that it would answer is known to be here. */
  ask(route: string, question: string, by: Asker): Promise<readonly Foreseen[]>;
  /** Nobody has come for these in time: if room is needed, they are what to let go of first. */
  unwanted(keys: readonly CacheKey[]): void;
  /** `null`: nothing is learned. */
  readonly learned: Learned | null;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

/**
 * From where a client gets what he asks for: memory has answered; it is here, and may be served at once; the parent has to be asked; or another process
 * that keeps it.
 */
export type Whence = 'memory' | 'here' | 'parent' | 'elsewhere';

/** One request of a client. */
export interface Visit {
  /** What tells one client from another. */
  readonly client: string;
  readonly route: string;
  readonly kind: string;
  /** `null`: nothing that is kept. */
  readonly key: CacheKey | null;
  /** What it is learned as: `<route> <target> [<accept>]`; `null`: nothing is learned of it. */
  readonly name: string | null;
  readonly whence: Whence;
  /** It brings the body here, and not its head alone. */
  readonly isWhole: boolean;
  readonly visitor: () => Visitor;
  readonly clue: (doing: Doing) => Clue | null;
}
