/** Files of advisories as text by package: what a worker makes of them, so that the event loop need not parse them. */
import { type Advisory, NotOsv } from './osv.ts';

export interface FeedFile {
  readonly name: string;
  readonly bytes: ArrayBuffer;
}

export interface FeedPart {
  /** A line for each package that an advisory is about: its name, a tab, the advisory as JSON. */
  readonly lines: string;
  /** Advisories about packages of the ecosystem. */
  readonly advisories: number;
}

/** @param read of one file's text, by name. @throws NotOsv with the name of the file. */
export function readFeed(
  files: readonly FeedFile[],
  read: (text: string) => readonly [name: string, advisory: Advisory][],
): FeedPart {
  const lines: string[] = [];
  for (const { name, bytes } of files) {
    try {
      for (const [about, advisory] of read(decode(bytes)))
        if (!/[\t\n]/.test(about)) lines.push(`${about}\t${JSON.stringify(advisory)}\n`);
    } catch (cause) {
      if (!(cause instanceof NotOsv)) throw cause;
      throw new NotOsv(`${name}: ${cause.message}`, { cause });
    }
  }
  return { lines: lines.join(''), advisories: lines.length };
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new NotOsv('it is not UTF-8', { cause });
  }
}
