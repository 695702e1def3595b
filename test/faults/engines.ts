/** The engines of a store, as a test names them to a process of its own. */
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock as clock } from '../../src/clock.ts';
import { openFiles } from '../../src/origin/blobs/files.ts';
import { openS3 } from '../../src/origin/blobs/s3.ts';
import { openPostgres } from '../../src/origin/metadata/postgres.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';
import type { BlobStore, MetadataStore } from '../../src/store.ts';

const place = z.object({
  /** For what is on this machine. */
  folder: z.string(),
  s3: z
    .object({
      endpoint: z.string(),
      bucket: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
    })
    .optional(),
  postgres: z.object({ url: z.string(), password: z.string() }).optional(),
});
/** Files and SQLite, where nothing else is named. */
export type Place = z.output<typeof place>;

export const placeIn = (text: string): Place => place.parse(JSON.parse(text));

export interface Engines {
  readonly blobs: BlobStore;
  readonly metadata: MetadataStore;
  close(): Promise<void>;
}

export async function openEngines({ folder, s3, postgres }: Place): Promise<Engines> {
  const random = Math.random;
  const settings = { region: 'us-east-1', prefix: '', virtualHostedStyle: false, redirect: false } as const;
  const spool = join(folder, 'spool');
  const blobs = s3
    ? await openS3({ ...settings, ...s3, checksums: true, spool, clock, random, env: {} })
    : await openFiles({ path: join(folder, 'blobs'), clock });
  const metadata = postgres
    ? openPostgres({ ...postgres, connections: 8, clock, random })
    : await openSqlite({ path: join(folder, 'metadata.db'), clock });
  return {
    blobs,
    metadata,
    async close() {
      await blobs.close();
      await metadata.close();
    },
  };
}
