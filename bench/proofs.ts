/**
 * What has to be true for a figure to mean what its heading says: the right bytes, from the server's own store,
 * without asking the upstream, and with every answer written down where an access log is said to be kept.
 */
import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Body, bytesAt } from './objects.ts';
import { ask, type Running, type Wire } from './peers/peer.ts';

/** In words, for the report: what holds in every suite. */
export const RIGHT_BYTES =
  'Every server gave every body byte for byte (SHA-256), over every protocol that it has.';
export const NOTHING_FAILED = 'No answer failed, was cut short, or had another status than 200.';

/** Asks for each object over each protocol, and compares. */
export async function proveBodies(running: Running, bodies: readonly Body[]): Promise<void> {
  for (const wire of ['http/1.1', 'https/1.1', 'h2'] as const) {
    const base = running.on[wire];
    if (typeof base !== 'string') continue;
    for (const { path, bytes } of bodies) {
      const response = await ask(base, path, wire);
      const received = await response.bytes();
      if (sha256(received) !== sha256(bytesAt(path, bytes))) {
        const answer = `status ${response.status}, ${received.byteLength} bytes`;
        throw new Error(`other bytes than the upstream's for ${path} over ${wire}: ${answer}`);
      }
    }
  }
}

export async function proveHit(running: Running, base: string, body: Body, wire: Wire): Promise<void> {
  const response = await ask(base, body.path, wire);
  const { byteLength } = await response.bytes();
  if (response.status === 200 && byteLength === body.bytes && running.isHit(response.headers)) return;
  const fields = JSON.stringify(Object.fromEntries(response.headers));
  throw new Error(`not from store: status ${response.status}, ${byteLength} bytes, ${fields}`);
}

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

/** No line of any server's access log is shorter. */
const LOG_LINE_MIN_BYTES = 60;
/** What is kept of a log at least, where the server throws old parts away. */
const LOG_KEPT_BYTES = 64 * 2 ** 20;

/** Empties an access log and removes its older parts, so that it does not fill the memory that it is kept in. */
export function emptyLog(path: string): void {
  for (const part of logParts(path)) {
    if (part === path) truncateSync(part);
    else rmSync(part);
  }
}

/** Of a sample, which is drawn by chance, half is enough. */
export function proveLogged({ accessLog = '', logged = 1 }: Running, answers: number): void {
  const written = logParts(accessLog).reduce((sum, part) => sum + statSync(part).size, 0);
  const expected = logged === 1 ? answers : (answers * logged) / 2;
  if (written < Math.min(expected * LOG_LINE_MIN_BYTES, LOG_KEPT_BYTES)) {
    throw new Error(`the access log has ${written} bytes after ${Math.round(answers)} answers`);
  }
}

/** At least as many as were answered: those of the warm-up may have been read before they were all counted. */
export async function proveCounted(running: Running, before: number, answers: number): Promise<void> {
  const counted = ((await running.counted?.()) ?? 0) - before;
  if (counted < Math.floor(answers)) throw new Error(`${counted} requests counted of ${Math.round(answers)}`);
}

/** The log itself, and what it was renamed to when it grew too long: the same name with something behind it. */
function logParts(path: string): string[] {
  const name = basename(path);
  return readdirSync(dirname(path))
    .filter((entry) => entry.startsWith(name))
    .map((entry) => join(dirname(path), entry));
}
