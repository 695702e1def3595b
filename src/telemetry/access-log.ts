/**
 * The access log: one line per request. `record` only adds a line to a text in memory; everything else
 * happens later and elsewhere, so that neither a slow disk nor a stalled pipe holds up a request.
 */
import type { Clock } from '../clock.ts';
import { type AccessRecord, jsonLine, textLine } from './access-line.ts';
import { combinedLine } from './combined-line.ts';
import { openFileSink } from './file-sink.ts';
import { openLineBuffer } from './line-buffer.ts';
import { type RedactionSettings, redaction } from './redaction.ts';
import { stdoutSink } from './stdout-sink.ts';

export type { AccessRecord };

export interface AccessLog {
  /** Whether a request has a line; the same at all tiers where nothing but chance decides. */
  wants(id: string, status: number, durationMs: number): boolean;
  /** Whether a line says where the request came from. */
  readonly hasReferer: boolean;
  /** Whether a line says who has asked: looking up an address is a system call for each request. */
  readonly hasClient: boolean;
  /** Never fails and never waits. */
  record(request: AccessRecord): void;
  /** Opens the file anew, after somebody else has moved it away. */
  reopen(): void;
  /** Writes what there is to write. */
  close(): Promise<void>;
  /** Lines lost so far, because they came faster than they could be written, or could not be. */
  readonly dropped: number;
}

export interface AccessLogSettings extends RedactionSettings {
  readonly format: 'json' | 'combined' | 'text' | 'off';
  /** Absolute path, or `stdout`. */
  readonly path: string;
  /** Of a hundred requests, so many have a line: 0 to 100. Those that fail, or take long, all do. */
  readonly samplePercent: number;
  /** What takes so long, in ms, has a line in any case. */
  readonly slowMs: number;
}

/** `null` when it is off. */
export function openAccessLog(settings: AccessLogSettings, clock: Clock): AccessLog | null {
  const { format, path, samplePercent, slowMs } = settings;
  if (format === 'off') return null;
  const sink = path === 'stdout' ? stdoutSink(clock) : openFileSink(path);
  const notice = { json: noticeJson, combined: noticeCombined, text: noticeText }[format];
  const buffer = openLineBuffer({ sink, clock, notice: (lost) => notice(lost, clock.now()) });
  const line = { json: jsonLine, combined: combinedLine, text: textLine }[format];
  const hide = redaction(settings);
  const chance = (samplePercent / 100) * 2 ** 32;
  return {
    hasReferer: format === 'combined',
    hasClient: settings.addresses !== 'none',
    wants: (id, status, durationMs) =>
      samplePercent === 100 || status >= 400 || durationMs >= slowMs || Bun.hash.xxHash32(id) < chance,
    record(request) {
      buffer.add(line(request, hide));
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

/** There is no line for that in this format: the node's own log and its metrics say how many were lost. */
function noticeCombined(): string {
  return '';
}

function noticeText(lost: number, nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(11, 23)} (${lost} lines lost here)\n`;
}
