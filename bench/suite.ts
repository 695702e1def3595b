/**
 * A suite is one question that is put to Meridian and its peers in one run, and the rows that answer it.
 */

import type { Format } from './eviction/formats.ts';
import type { Figure, Spreads } from './figures.ts';
import type { Cores } from './machine.ts';
import type { Scratch } from './scratch.ts';
import type { Spread } from './statistics.ts';

export interface Suite {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** The cases and peers that it has, for `list`. */
  readonly cases: readonly string[];
  readonly peers: readonly string[];
  /** What a run of reasonable length takes, unless the command line says otherwise. */
  readonly defaults: Pick<Run, 'rounds' | 'seconds'>;
  run(run: Run): Promise<SuiteReport>;
}

/** What the command line asked for, and what a suite may use. */
export interface Run {
  readonly scratch: Scratch;
  readonly cores: Cores;
  readonly rounds: number;
  readonly seconds: number;
  /** Text that the name of a case must contain. Empty: all cases. */
  readonly only: string;
  /** Whether to run what takes long and is about details, too. */
  readonly all: boolean;
  /** Names of peers. Empty: all. */
  readonly peers: readonly string[];
  /** Bytes of the large object, in suites that have one. */
  readonly size?: number | undefined;
  /** How many small objects, in suites that have many. */
  readonly objects?: number | undefined;
  /** Entries of a large index, in the suite that has one. */
  readonly entries?: number | undefined;
  readonly eviction: EvictionWanted;
  readonly world: WorldWanted;
  progress(line: string): void;
}

/** How far apart the tiers of the suites `world` and `tiers` are: client to PoP, PoP to shield, shield to origin. */
export interface WorldWanted {
  readonly roundTripsMs: readonly [number, number, number];
  /** In each direction. */
  readonly megabits: readonly [number, number, number];
  /** Whether connections begin slowly, as TCP's do. */
  readonly slowStart: boolean;
  /** Requests beside an install that have nothing to do with it. */
  readonly trafficPerSecond: number;
  /** The shield has everything, and the PoP alone is empty. */
  readonly isShieldWarm: boolean;
}

/** What the suite `eviction` replays. */
export interface EvictionWanted {
  /** A file instead of the traces that the suite makes itself. */
  readonly trace: { readonly path: string; readonly format: Format } | null;
  /** Sizes of the cache, as shares of what all objects of the trace take together. */
  readonly shares: readonly number[];
}

export interface SuiteReport {
  readonly suite: string;
  readonly about: string;
  /** Program → version, of all servers and load generators. */
  readonly versions: Readonly<Record<string, string>>;
  /** What was checked besides the figures, in sentences. */
  readonly proofs: readonly string[];
  /** Names of the peers that are Meridian. */
  readonly subjects: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  /** The columns of its tables. The first is what the suite is about. */
  readonly figures: readonly Figure[];
  readonly rows: readonly Row[];
  /** What is no measurement of a server. */
  readonly tables?: readonly Table[];
  /** For `docs/`. */
  readonly charts?: readonly Chart[];
}

export interface Chart {
  /** Its name in `docs/`. */
  readonly file: string;
  readonly svg: string;
}

export interface Table {
  readonly title: string;
  readonly remarks: readonly string[];
  /** How many columns are names, not figures. */
  readonly names: number;
  readonly head: readonly string[];
  readonly body: readonly (readonly string[])[];
}

/** One server in one case. */
export interface Row {
  readonly case: string;
  readonly peer: string;
  readonly label: string;
  readonly figures?: Spreads;
  /** Name of a peer → this row's figure divided by that peer's. */
  readonly against?: Readonly<Record<string, Partial<Record<Figure, Spread>>>>;
  /** Why there are no figures. */
  readonly absent?: string;
  /** It was tried, and went wrong: at all times, or in some rounds. */
  readonly failed?: true;
  /** Which rounds have no part in the figures, and why. */
  readonly missed?: string;
}
