/**
 * What a version must be: as the checksum database says, asked through the same upstream; where that has no sum, as it was when it was first seen
 * here. Whether the database's log is in order, the go command proves for itself.
 */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import { readItem } from '../registry/item.ts';
import { itemAt } from './item.ts';
import { readSumRecord } from './sum-record.ts';

export interface VersionOf {
  readonly module: string;
  readonly version: string;
}

/** Of a record with its signed head. */
export const maxRecordBytes = 64 * 1024;

/**
 * Compares a hash with what it must be, and remembers one of which nobody can tell.
 * @param hash `h1:…` @param database `null`: none is asked.
 * @throws `digest-mismatch`; `upstream-unreachable` and the like where the database may have a sum, and cannot be asked.
 */
export async function verify(
  hash: string,
  what: 'zip' | 'mod',
  of: VersionOf,
  database: string | null,
  at: Pulling,
): Promise<void> {
  const sums = database === null ? null : await sumsOf(of, database, at);
  const stated = sums?.[what] ?? null;
  if (stated === null) return pinned(hash, what, of, at);
  if (stated !== hash) throw mismatch(hash, what, of, `the checksum database says ${stated}`);
}

async function sumsOf({ module, version }: VersionOf, database: string, at: Pulling) {
  const item = itemAt({ of: 'lookup', database, module, version });
  const { status, bytes } = await readItem(item, at, maxRecordBytes);
  if (status === 200) return readSumRecord(new TextDecoder().decode(bytes), module, version);
  // The upstream has no such database, or that has no such module: a private one, for example.
  if (status >= 400 && status < 500 && status !== 429) return null;
  throw new MeridianError(
    'upstream-unreachable',
    `The checksum database cannot be asked about ${module}@${version} (${status}). If the upstream has none: \`sumdb: 'off'\` in the config`,
  );
}

const pin = z.object({ hash: z.string() });

/** The first bytes that were seen of a version are what it is. Without a store, nothing but the cache remembers them. */
async function pinned(
  hash: string,
  what: 'zip' | 'mod',
  of: VersionOf,
  { registry, door }: Pulling,
): Promise<void> {
  if (door.stores === null) return;
  const { metadata } = door.stores;
  const key = ['go-first-seen', registry.route, of.module, of.version, what];
  const before =
    (await metadata.get(key)) ??
    (await metadata.transact(async (transaction) => {
      const found = await transaction.get(key);
      if (found === null) await transaction.put(key, { hash });
      return found;
    }));
  const first = before === null ? hash : pin.parse(before.value).hash;
  if (first !== hash) throw mismatch(hash, what, of, `it was ${first} when it was first seen here`);
}

function mismatch(hash: string, what: string, { module, version }: VersionOf, but: string): MeridianError {
  return new MeridianError(
    'digest-mismatch',
    `The .${what} of ${module}@${version} has ${hash}, but ${but}.`,
  );
}
