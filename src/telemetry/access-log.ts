/**
 * The access log: one line per request. `record` only adds a line to a text in memory; everything else
 * happens later and elsewhere, so that neither a slow disk nor a stalled pipe holds up a request.
 */
import type { Clock } from '../clock.ts';
import { type AccessRecord, jsonLine, textLine } from './access-line.ts';
import { openFileSink } from './file-sink.ts';
import { openLineBuffer } from './line-buffer.ts';
import { stdoutSink } from './stdout-sink.ts';

export type { AccessRecord };

export interface AccessLog {
  /** Never fails and never waits. */
  record(request: AccessRecord): void;
  /** Opens the file anew, after somebody else has moved it away. */
  reopen(): void;
  /** Writes what there is to write. */
  close(): Promise<void>;
  /** Lines lost so far, because they came faster than they could be written, or could not be. */
  readonly dropped: number;
}

export interface AccessLogSettings {
  readonly format: 'json' | 'text' | 'off';
  /** Absolute path, or `stdout`. */
  readonly path: string;
}

/** `null` when it is off. */
export function openAccessLog({ format, path }: AccessLogSettings, clock: Clock): AccessLog | null {
  if (format === 'off') return null;
  const sink = path === 'stdout' ? stdoutSink(clock) : openFileSink(path);
  const notice = format === 'json' ? noticeJson : noticeText;
  const buffer = openLineBuffer({ sink, clock, notice: (lost) => notice(lost, clock.now()) });
  const line = format === 'json' ? jsonLine : textLine;
  return {
    record(request) {
      buffer.add(line(request));
    },
    reopen: () => sink.reopen(),
    close: () => buffer.close(),
    get dropped() {
      return buffer.dropped;
    },
  };
}

function noticeJson(lost: number, nowMs: number): string {
  return `{"time":"${new Date(nowMs).toISOString()}","dropped":${lost}}\n`;
}

function noticeText(lost: number, nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(11, 23)} (${lost} lines lost here)\n`;
}
