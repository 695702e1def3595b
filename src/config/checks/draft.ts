/**
 * What the cross-checks look at: the parts of a config file that are valid each by itself. A part with a
 * mistake is missing here, so that its mistake is reported once and the others' are reported too.
 */
import type { ParsedBus, ParsedKv, ParsedNode, ParsedRoute, ParsedWarm } from '../schema.ts';

export interface Draft {
  /** What the file says, with its variables filled in. */
  readonly written: unknown;
  /** After overrides. */
  readonly nodes: ReadonlyMap<string, ParsedNode>;
  /** Those of invalid nodes too. */
  readonly nodeNames: ReadonlySet<string>;
  /** Of key/value stores, those of invalid ones too. */
  readonly kvNames: ReadonlySet<string>;
  readonly kv: ReadonlyMap<string, ParsedKv>;
  /** `undefined` stands for an invalid one. */
  readonly routes: readonly (ParsedRoute | undefined)[];
  readonly warm: readonly ParsedWarm[];
  /** `undefined`: an invalid one. */
  readonly bus: ParsedBus | undefined;
  /** PEM files that nodes of this machine need and cannot use, and why: absolute path → `ENOENT` and the like. */
  readonly missingFiles: ReadonlyMap<string, string>;
  /** Absolute path of the folder that relative paths start from. */
  readonly configDir: string;
}
