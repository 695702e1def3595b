/**
 * Hashes files while they are written, away from the event loop. Started by `digester.ts`. It stands back behind the
 * threads that answer requests, where there are not enough cores for all: nobody waits for what it does.
 */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';

export type DigestRequest =
  | { readonly id: number; readonly path: string; readonly bytes: number; readonly isWhole: boolean }
  /** It is given up. */
  | { readonly id: number; readonly path: null };

export type DigestReply =
  | { readonly id: number; readonly sha256: string }
  | { readonly id: number; readonly error: unknown };

/** Read at a time: fits into the cache of a core. */
const readBytes = 256 * 1024;
/** As `nice` counts: still a tenth of a core that is busy otherwise. */
const niceness = 19;

interface Reading {
  readonly descriptor: number;
  readonly hash: Bun.CryptoHasher;
  /** Bytes hashed. */
  at: number;
}

const readings = new Map<number, Reading>();
const buffer = new Uint8Array(readBytes);

parentPort?.on('message', (request: DigestRequest) => {
  if (request.path === null) {
    end(request.id);
    return;
  }
  try {
    const reading = readings.get(request.id) ?? begin(request.id, request.path);
    readUpTo(reading, request.bytes);
    if (request.isWhole) answer({ id: request.id, sha256: reading.hash.digest('hex') });
  } catch (error) {
    answer({ id: request.id, error });
  }
});

function begin(id: number, path: string): Reading {
  const reading = { descriptor: openSync(path, 'r'), hash: new Bun.CryptoHasher('sha256'), at: 0 };
  readings.set(id, reading);
  return reading;
}

function readUpTo(reading: Reading, bytes: number): void {
  while (reading.at < bytes) {
    const wanted = Math.min(readBytes, bytes - reading.at);
    const read = readSync(reading.descriptor, buffer, 0, wanted, reading.at);
    if (read === 0) throw new Error(`a file ends at ${reading.at} of ${bytes} bytes`);
    reading.hash.update(buffer.subarray(0, read));
    reading.at += read;
  }
}

function answer(reply: DigestReply): void {
  end(reply.id);
  parentPort?.postMessage(reply);
}

function end(id: number): void {
  const reading = readings.get(id);
  readings.delete(id);
  if (reading) closeSync(reading.descriptor);
}

function standBack(): void {
  try {
    // Linux has priorities for single threads (setpriority(2)), and a name for this one.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness);
  } catch {
    // Elsewhere it is a thread like the others.
  }
}

standBack();
