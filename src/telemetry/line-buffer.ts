/**
 * Lines on their way to a file: gathered in one text, written by one writer at a time, in order. When
 * lines come faster than they can be written, the newest are dropped and counted, and a notice in the log says
 * how many.
 */
import type { Clock } from '../clock.ts';

/** Where lines go. */
export interface LineSink {
  /** Writes all of it. Called again only after the promise has settled. */
  append(bytes: Uint8Array): Promise<void>;
  reopen(): void;
  close(): Promise<void>;
}

export interface LineBuffer {
  /** @param line with its line break. */
  add(line: string): void;
  /** Writes what waits, for a while, and takes nothing more. */
  close(): Promise<void>;
  readonly dropped: number;
}

export interface LineBufferOptions {
  readonly sink: LineSink;
  readonly clock: Clock;
  /** The line that says how many are missing at this place. */
  readonly notice: (lost: number) => string;
}

/** Lines are written when they are this old … */
const flushAfterMs = 100;
/** … or when there are so many, in characters. */
const flushAtLength = 64 * 1024;
/** Characters that may wait for the writer; beyond it, lines are dropped. */
const waitingLength = 4 * 1024 * 1024;
/** How long `close` waits for a place that takes nothing: a stalled pipe must not keep a node from ending. */
const closeWithinMs = 2000;

export function openLineBuffer({ sink, clock, notice }: LineBufferOptions): LineBuffer {
  let waiting = '';
  let waitingLines = 0;
  let dropped = 0;
  /** Lost since the last notice. */
  let unsaid = 0;
  let writing: Promise<void> | null = null;
  let timed = false;
  let closed = false;

  function add(line: string): void {
    if (closed || waiting.length + line.length > waitingLength) {
      dropped++;
      unsaid++;
      return;
    }
    waiting += line;
    waitingLines++;
    if (waiting.length >= flushAtLength) startWriting();
    else if (!timed) {
      timed = true;
      clock.after(flushAfterMs, onTime);
    }
  }

  function onTime(): void {
    timed = false;
    startWriting();
  }

  function startWriting(): void {
    writing ??= writeAll().finally(() => {
      writing = null;
    });
  }

  async function writeAll(): Promise<void> {
    while (waiting !== '') {
      const text = unsaid === 0 ? waiting : waiting + notice(unsaid);
      const [lines, said] = [waitingLines, unsaid];
      waiting = '';
      waitingLines = 0;
      unsaid = 0;
      try {
        await sink.append(Buffer.from(text));
      } catch {
        // A full disk or a broken pipe: the lines are counted as lost, and the next ones try again.
        dropped += lines;
        unsaid += lines + said;
      }
    }
  }

  async function close(): Promise<void> {
    closed = true;
    startWriting();
    const late = new Promise<void>((resolve) => void clock.after(closeWithinMs, resolve));
    await Promise.race([writing, late]);
    await sink.close();
  }

  return {
    add,
    close,
    get dropped() {
      return dropped;
    },
  };
}
