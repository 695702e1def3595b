/**
 * The layout of the metadata's database, as steps from one version to the next. A step that has been released never changes;
 * a new one is added. Each can be carried out again after it was interrupted, since some engines (YugabyteDB) do not take
 * a change of the layout back with its transaction.
 */
import { MeridianError } from '../../errors.ts';

export interface Step {
  readonly sqlite: string;
  readonly postgres: string;
}

/** The first one makes version 1. */
export const steps: readonly Step[] = [
  {
    // With rowids, so that large values do not lie between the keys.
    sqlite: `CREATE TABLE IF NOT EXISTS documents (
      key BLOB NOT NULL PRIMARY KEY, revision TEXT NOT NULL, value TEXT NOT NULL
    ) STRICT`,
    postgres: `CREATE TABLE IF NOT EXISTS meridian_documents (
      key BYTEA NOT NULL PRIMARY KEY, revision TEXT NOT NULL, value TEXT NOT NULL
    )`,
  },
];

/** The steps that are still to be taken. */
export function stepsFrom(version: number): readonly Step[] {
  if (version <= steps.length) return steps.slice(version);
  throw new MeridianError(
    'store-unavailable',
    `the database has layout ${version}, this Meridian knows ${steps.length}: it was made by a newer one, which has to be used`,
  );
}
