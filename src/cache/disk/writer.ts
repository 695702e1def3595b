/**
 * A body's file while it is written, hashed on the way (a long one by another thread: `digester.ts`) unless somebody does that already. It appears under its name, the SHA-256 of its bytes,
 * only when it is whole: written under a temporary name, flushed to the disk, renamed, and the folder flushed as well.
 */
import * as fs from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Digesting, digester } from './digester.ts';

/** A longer body is hashed by another thread: this much takes half a millisecond. */
const shortBytes = 1024 * 1024;
const digestOf = digester();

export interface ObjectWriter {
  readonly sizeBytes: number;
  /** Whether it has its name, or has been given up: nothing temporary remains. */
  readonly ended: boolean;
  /** Appends; resolves when the operating system has taken the bytes. One call at a time. */
  append(chunks: readonly Uint8Array[]): Promise<void>;
  /** Reads back what has been appended. `into` is filled as far as the file goes; returns the bytes read. */
  read(into: Uint8Array, from: number): Promise<number>;
  /** Makes the file durable under its name and returns that name; `naming` settles before it appears there. */
  commit(naming: (sha256: string) => Promise<void>): Promise<string>;
  /** Ends writing without keeping the file. Reading goes on to work. */
  discard(): Promise<void>;
  /** No more reads. Waits for those under way. */
  close(): Promise<void>;
}

/**
 * @param pathOf where a body with this SHA-256 belongs; on the same file system as `temporary`.
 * @param sha256 what it will have turned out to be when it is committed: whoever writes it compares. `null`: it is hashed here.
 */
export async function openWriter(
  temporary: string,
  pathOf: (sha256: string) => string,
  sha256: string | null = null,
): Promise<ObjectWriter> {
  const descriptor = await asked<number>((done) => fs.open(temporary, 'wx+', done));
  return new Writer(descriptor, temporary, pathOf, sha256);
}

/**
 * Works on a plain descriptor: readers may hold on to it for as long as they like, and the runtime treats a
 * `FileHandle` that is collected before it was closed as a fatal error.
 *
 * The system gives the number of a closed descriptor to the next file that is opened. So it is closed only when
 * nothing is under way on it, or what is under way would end up in somebody else's file.
 */
class Writer implements ObjectWriter {
  sizeBytes = 0;
  ended = false;
  readonly #descriptor: number;
  readonly #temporary: string;
  readonly #pathOf: (sha256: string) => string;
  /** Of a body that somebody else hashes. */
  readonly #sha256: string | null;
  /** Of a short body. */
  readonly #hash = new Bun.CryptoHasher('sha256');
  /** Of a long one. */
  #digesting: Digesting | null = null;
  #underWay = 0;
  #closing: PromiseWithResolvers<void> | null = null;

  constructor(
    descriptor: number,
    temporary: string,
    pathOf: (sha256: string) => string,
    sha256: string | null,
  ) {
    this.#descriptor = descriptor;
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#sha256 = sha256;
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    let wanted = 0;
    for (const chunk of chunks) wanted += chunk.length;
    const written = await this.#use<number>((fd, done) => fs.writev(fd, chunks, this.sizeBytes, done));
    if (written !== wanted) throw shortWrite(written, wanted);
    this.sizeBytes += wanted;
    if (this.#sha256 !== null) return;
    if (this.sizeBytes > shortBytes) {
      this.#digesting ??= digestOf(this.#temporary);
      this.#digesting.written(this.sizeBytes);
    } else {
      for (const chunk of chunks) this.#hash.update(chunk);
    }
  }

  read(into: Uint8Array, from: number): Promise<number> {
    return this.#use<number>((fd, done) => fs.read(fd, into, 0, into.length, from, done));
  }

  async commit(naming: (sha256: string) => Promise<void>): Promise<string> {
    const [sha256] = await Promise.all([
      this.#sha256 ?? this.#digesting?.digest(this.sizeBytes) ?? this.#hash.digest('hex'),
      this.#use<void>((fd, done) => fs.fdatasync(fd, done)),
    ]);
    const path = this.#pathOf(sha256);
    await naming(sha256);
    await renameInto(this.#temporary, path);
    this.ended = true;
    await flushFolder(dirname(path));
    return sha256;
  }

  async discard(): Promise<void> {
    this.#digesting?.cancel();
    if (!this.ended) await rm(this.#temporary, { force: true });
    this.ended = true;
  }

  async close(): Promise<void> {
    if (this.#closing) return this.#closing.promise;
    this.#closing = Promise.withResolvers();
    this.#closeIfIdle();
    return this.#closing.promise;
  }

  async #use<T>(call: (fd: number, done: Done<T>) => void): Promise<T> {
    if (this.#closing) throw new Error('the file is closed');
    this.#underWay++;
    try {
      return await asked<T>((done) => call(this.#descriptor, done));
    } finally {
      this.#underWay--;
      this.#closeIfIdle();
    }
  }

  #closeIfIdle(): void {
    if (!this.#closing || this.#underWay > 0) return;
    const { resolve, reject } = this.#closing;
    fs.close(this.#descriptor, (error) => (error ? reject(error) : resolve()));
  }
}

/** The folder is nearly always there already, so it is made only when it turns out not to be. */
async function renameInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  }
}

/** Whether an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** A new name is durable only when its folder is (fsync(2)). */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

type Done<T> = (error: Error | null | undefined, result?: T) => void;

/** A callback of the file system as a promise of its first result. */
function asked<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

/** A short write is how a full disk often shows itself first. */
function shortWrite(written: number, wanted: number): Error {
  return Object.assign(new Error(`wrote ${written} of ${wanted} bytes`), { code: 'ENOSPC' });
}
