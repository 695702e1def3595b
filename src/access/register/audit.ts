/**
 * The audit log: who did what to what, when, from where. Lines are added, and never changed; they are kept in the origin's
 * store, ordered by time.
 */
import { z } from 'zod';
import type { DocumentReader, MetadataStore, Transaction } from '../../store.ts';
import { documentLimits } from '../../store.ts';
import { digits, keys, read } from './documents.ts';

export const auditEvent = z.object({
  /** ms since the epoch, by the origin's clock. */
  atMs: z.number(),
  /** `user:alice`, `machine:acme/ui`, `anonymous`, `operator` for commands on the origin's own machine. */
  by: z.string(),
  /** Id of the token that was used. */
  token: z.string().nullable(),
  /** Address of the client. */
  from: z.string().nullable(),
  /** `token.create`, `npm.publish`, `denied.read`. */
  what: z.string(),
  /** `alice`, `npm @acme/ui@1.2.0`. */
  subject: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AuditEvent = z.output<typeof auditEvent>;

export interface AuditLine extends AuditEvent {
  /** Its place in the log, to go on from. */
  readonly at: string;
}

export interface AuditQuery {
  /** Place of the last line that is known. */
  readonly after?: string | undefined;
  /** The newest first. */
  readonly newestFirst?: boolean | undefined;
  /** From this time on, ms since the epoch; only where `after` is not said. */
  readonly sinceMs?: number | undefined;
  /** 1 to 1,000. */
  readonly limit?: number | undefined;
}

const droppedAtOnce = 256;

/** For events of one millisecond: eight random letters. */
export function auditId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('base64url');
}

/** Events that nothing else is written with, such as denials: all or none of them. */
export async function appendAudit(metadata: MetadataStore, events: readonly AuditEvent[]): Promise<void> {
  await metadata.transact(async (transaction) => {
    for (const event of events) await writeAudit(transaction, event);
  });
}

/** A line about what the same transaction does. */
export async function writeAudit(transaction: Transaction, event: AuditEvent): Promise<void> {
  await transaction.put(keys.audit(event.atMs, auditId()), event);
}

export async function readAudit(reader: DocumentReader, query: AuditQuery): Promise<readonly AuditLine[]> {
  const { after, newestFirst = false, sinceMs, limit = documentLimits.page } = query;
  const place = after ?? (sinceMs !== undefined && !newestFirst ? digits(sinceMs) : undefined);
  const page = await reader.scan(['audit'], {
    limit,
    order: newestFirst ? 'descending' : 'ascending',
    ...(place !== undefined && { after: ['audit', ...place.split('/')] }),
  });
  const lines = page.map((document) => ({
    at: document.key.slice(1).join('/'),
    ...read(auditEvent, document),
  }));
  return newestFirst && sinceMs !== undefined ? lines.filter(({ atMs }) => atMs >= sinceMs) : lines;
}

/** Removes lines from before then, ms since the epoch, some at a time. @returns how many. */
export async function dropAudit(metadata: MetadataStore, beforeMs: number): Promise<number> {
  for (let dropped = 0; ; ) {
    const page = await metadata.scan(['audit'], { limit: droppedAtOnce });
    const old = page.filter(({ key }) => Number(key[1]) < beforeMs);
    await metadata.transact(async (transaction) => {
      for (const { key } of old) await transaction.delete(key);
    });
    dropped += old.length;
    if (old.length < droppedAtOnce) return dropped;
  }
}
