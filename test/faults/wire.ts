/**
 * Everything that an upstream may do wrong on the wire, as a table: what it does, and what a client of the network
 * gets for it, by what the client had asked for.
 */
import type { Fault } from '../support/index.ts';

/**
 * A status. `broken`: the answer breaks off, as its head had been sent before anything was wrong. `unharmed`: the same,
 * or all of what was stored, depending on how much had come. `stale`: what was stored, and `Cache-Status` says why.
 * `right`: what the upstream has, every byte. `passed`: what the upstream says, which is no error of the protocol.
 */
export type Outcome = number | 'broken' | 'unharmed' | 'stale' | 'right' | 'passed';

export interface WireFault {
  readonly what: string;
  /** Made for the body that the upstream would have sent. */
  readonly fault: (body: string) => Fault;
  /** A GET of what nobody has stored. */
  readonly cold: Outcome;
  /** A GET of what is stored, and stale. */
  readonly stale: Outcome;
  /** A GET of a part of what nobody has stored. */
  readonly range: Outcome;
  /** A HEAD of what nobody has stored; `null` where what is wrong is wrong with a body. */
  readonly head: Outcome | null;
}

const head = (...lines: string[]) => `HTTP/1.1 ${lines.join('\r\n')}\r\n\r\n`;
const fields = ['content-type: text/plain', 'cache-control: public, max-age=600'];
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const says = (bytes: string, then: 'close' | 'reset' | 'stall' = 'close'): Fault => ({
  as: 'says',
  bytes,
  then,
});

/** It never got as far as an answer. */
const noAnswer = { cold: 502, stale: 'stale', range: 502, head: 502 } as const;
const tooLate = { cold: 504, stale: 'stale', range: 504, head: 504 } as const;
/** The head was good, and had been passed on. */
const inBody = { cold: 'broken', stale: 'unharmed', range: 'broken', head: null } as const;
const harmless = { cold: 'right', stale: 'right', range: 'right', head: 200 } as const;

const middle = 100_000;

export const wireFaults: readonly WireFault[] = [
  // No head.
  { what: 'a reset before the head', fault: () => ({ as: 'reset' }), ...noAnswer },
  { what: 'a close before the head', fault: () => says(''), ...noAnswer },
  { what: 'a reset in the head', fault: () => says('HTTP/1.1 200 OK\r\ncontent-le', 'reset'), ...noAnswer },
  { what: 'a close in the head', fault: () => says('HTTP/1.1 200 OK\r\ncontent-le'), ...noAnswer },
  {
    what: 'thousands of 103, and no answer',
    fault: () => says(head('103 Early Hints', 'link: </a>; rel=preload').repeat(5_000)),
    ...noAnswer,
  },
  { what: 'silence instead of a head', fault: () => ({ as: 'stall' }), ...tooLate },
  { what: 'silence in the head', fault: () => says('HTTP/1.1 200 OK\r\nx', 'stall'), ...tooLate },

  // No HTTP.
  { what: 'something that is not HTTP', fault: () => ({ as: 'garbage' }), ...noAnswer },
  { what: 'a status that is no number', fault: () => says('HTTP/1.1 twohundred\r\n\r\n'), ...noAnswer },
  {
    what: 'two lengths that differ',
    fault: (body) =>
      says(head('200 OK', ...fields, `content-length: ${body.length}`, 'content-length: 5') + body),
    ...noAnswer,
    head: null, // Without a body, none of them is about anything.
  },
  {
    what: 'a length below zero',
    fault: (body) => says(head('200 OK', ...fields, 'content-length: -5') + body),
    ...noAnswer,
  },
  {
    what: 'a field without a colon',
    fault: (body) => says(head('200 OK', 'this is no field', `content-length: ${body.length}`) + body),
    ...noAnswer,
  },

  // A body that is not what was announced.
  { what: 'a reset in the body', fault: () => ({ as: 'reset', afterBytes: middle }), ...inBody },
  { what: 'silence in the body', fault: () => ({ as: 'stall', afterBytes: middle }), ...inBody },
  { what: 'all but the last byte', fault: (body) => ({ as: 'cut', afterBytes: body.length - 1 }), ...inBody },
  {
    what: 'a length that is too long',
    fault: (body) => says(head('200 OK', ...fields, `content-length: ${body.length + 1}`) + body),
    ...inBody,
  },
  {
    what: 'chunks without a last one',
    fault: (body) => says(head('200 OK', ...fields, 'transfer-encoding: chunked') + chunk(body)),
    ...inBody,
  },
  ...['xyz', '-1', '', 'ffffffffffffffffff'].map((size) => ({
    what: `a chunk of "${size}" bytes`,
    fault: (body: string) =>
      says(
        `${head('200 OK', ...fields, 'transfer-encoding: chunked')}${chunk(body)}${size}\r\nmore\r\n0\r\n\r\n`,
      ),
    ...inBody,
  })),

  // An answer to something else.
  {
    what: 'a 304 that was not asked for',
    fault: () => says(head('304 Not Modified', 'etag: "other"')),
    ...noAnswer,
    // The stored response was asked about, but not this one: RFC 9111 §4.3.4 lets nothing be confirmed by it.
    stale: 'stale',
  },
  {
    what: 'a 206 that was not asked for',
    fault: (body) =>
      says(
        head('206 Partial Content', ...fields, 'content-range: bytes 0-9/300000', 'content-length: 10') +
          body.slice(0, 10),
      ),
    ...noAnswer,
  },

  // Failures that say so.
  {
    what: 'a 500',
    fault: () => ({ as: 'status', status: 500 }),
    cold: 500,
    stale: 'stale',
    range: 500,
    head: 500,
  },
  {
    what: 'a 503',
    fault: () => ({ as: 'status', status: 503 }),
    cold: 503,
    stale: 'stale',
    range: 503,
    head: 503,
  },

  // Odd, and allowed.
  { what: 'a slow drip', fault: () => ({ as: 'slow', bytesPerSecond: 600_000 }), ...harmless, head: null },
  {
    what: 'ten 103 before the answer',
    fault: (body) =>
      says(
        head('103 Early Hints', 'link: </a>; rel=preload').repeat(10) +
          head('200 OK', ...fields, `content-length: ${body.length}`) +
          body,
      ),
    ...harmless,
    head: null,
  },
  {
    what: 'a redirection to itself',
    fault: () => says(head('302 Found', 'location: /round/and/round', 'content-length: 0')),
    cold: 302,
    stale: 302,
    range: 302,
    head: 302,
  },
  {
    what: 'a gzip body that is none',
    fault: (body) =>
      says(
        head(
          '200 OK',
          'cache-control: no-store',
          'content-encoding: gzip',
          `content-length: ${body.length}`,
        ) + body,
      ),
    cold: 'passed',
    stale: 'passed',
    range: 'passed',
    head: null,
  },
];
