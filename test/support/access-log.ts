/** What the nodes of a test network were asked, read from their access logs. */
import { existsSync, readFileSync } from 'node:fs';

/** One request, as the JSON access log has it. */
export interface Asked {
  readonly time: string;
  readonly node: string;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number | null;
  readonly durationMs: number;
  readonly outcome: string;
  readonly route: string;
  readonly kind: string;
  readonly id: string;
  readonly userAgent?: string;
}

/** Every complete line that is a request, oldest first. A node that was killed may have left half a line. */
export function readAccessLog(path: string): Asked[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    try {
      const record = JSON.parse(line) as Partial<Asked>;
      return record.target === undefined ? [] : [record as Asked];
    } catch {
      return []; // The half line, and the one that was appended to it.
    }
  });
}

/** How many of the requests have each value of a property: `tally(asked, 'outcome')` → `{ hit: 3, miss: 1 }`. */
export function tally(asked: readonly Asked[], property: keyof Asked): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of asked) {
    const value = String(one[property]);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}
