/**
 * Everything that can go wrong with a request, as one table. The wire status, the metric label, the
 * access log and the documentation all come from the same row, so that they cannot disagree.
 */

/** Who has to act so that it does not happen again. */
export type Blame = 'client' | 'upstream' | 'operator' | 'meridian';

export interface ErrorRow {
  /** HTTP status that the client sees. */
  readonly status: number;
  readonly blame: Blame;
  /** Whether another parent (or the same one, later) may do better. */
  readonly retryable: boolean;
  /** What happened, and what the reader can do about it: one sentence each. */
  readonly advice: string;
}

export const errors = {
  'host-invalid': {
    status: 400,
    blame: 'client',
    retryable: false,
    advice: 'The Host field is missing, empty, repeated or malformed. Send exactly one Host: name[:port].',
  },
  'target-invalid': {
    status: 400,
    blame: 'client',
    retryable: false,
    advice: 'The request target holds characters that RFC 3986 does not allow. Percent-encode them.',
  },
  'request-malformed': {
    status: 400,
    blame: 'client',
    retryable: false,
    advice: 'The request cannot be understood in the terms of this protocol. The detail says why.',
  },
  unauthenticated: {
    status: 401,
    blame: 'client',
    retryable: false,
    advice:
      'This needs a token of this network: as `Authorization: Bearer`, as the password of Basic, bare, or as `X-Api-Key` or `X-NuGet-ApiKey`.',
  },
  'scope-too-narrow': {
    status: 401,
    blame: 'client',
    retryable: false,
    advice: 'The token was made for something else. Clients ask for another one by themselves.',
  },
  'wrong-password': {
    status: 401,
    blame: 'client',
    retryable: false,
    advice: 'There is no user who has this name and this password, or he is disabled.',
  },
  forbidden: {
    status: 403,
    blame: 'client',
    retryable: false,
    advice: 'The token is good, but does not give the right to do this. Whoever administers the network can.',
  },
  'kept-as-it-is': {
    status: 403,
    blame: 'client',
    retryable: false,
    advice: 'The config of the route says what is never changed or taken away.',
  },
  'quota-exceeded': {
    status: 403,
    blame: 'client',
    retryable: false,
    advice:
      'Delete what nobody needs, or have whoever runs the origin raise the bound. `meridian storage` shows what takes how much.',
  },
  'tier-refused': {
    status: 403,
    blame: 'operator',
    retryable: false,
    advice:
      'Only nodes of this network may ask here. Clients talk to a PoP; nodes need the same network secret and clocks within five minutes of each other.',
  },
  'no-route': {
    status: 404,
    blame: 'client',
    retryable: false,
    advice: 'No route of this network serves this address. `meridian check` lists the routes.',
  },
  'not-found': {
    status: 404,
    blame: 'client',
    retryable: false,
    advice: 'The upstream registry knows nothing by this name.',
  },
  'no-such-record': {
    status: 404,
    blame: 'client',
    retryable: false,
    advice: 'What the request is about does not exist. The detail says what it is.',
  },
  'method-not-allowed': {
    status: 405,
    blame: 'client',
    retryable: false,
    advice: 'This address does not serve this method.',
  },
  conflict: {
    status: 409,
    blame: 'client',
    retryable: false,
    advice: 'Somebody else has changed it meanwhile. Read it again, and decide anew.',
  },
  'blob-mismatch': {
    status: 400,
    blame: 'client',
    retryable: false,
    advice: 'The bytes sent are not those that were announced. Nothing of them was kept; send them again.',
  },
  'upload-unknown': {
    status: 404,
    blame: 'client',
    retryable: false,
    advice: 'There is no such upload: it has ended, expired, or began at another origin. Begin anew.',
  },
  'upload-offset': {
    status: 416,
    blame: 'client',
    retryable: false,
    advice: 'The upload goes on at another offset. Ask for its state, and send what is missing.',
  },
  'document-too-large': {
    status: 413,
    blame: 'client',
    retryable: false,
    advice: 'One document of metadata would be larger than the store takes (4 MiB).',
  },
  'body-too-large': {
    status: 413,
    blame: 'client',
    retryable: false,
    advice: "The request body exceeds the listener's limit (`limits.bodyBytes`).",
  },
  'target-too-long': {
    status: 414,
    blame: 'client',
    retryable: false,
    advice: "The request target exceeds the listener's limit (`limits.targetBytes`).",
  },
  'too-many-attempts': {
    status: 429,
    blame: 'client',
    retryable: false,
    advice: 'Passwords may be tried only so often, for one user and from one address. Wait, then try again.',
  },
  'too-many-beacons': {
    status: 429,
    blame: 'client',
    retryable: false,
    advice:
      'Timings are taken in only so often, from one client and in all (`rum` in the config). Nothing is lost but a measurement.',
  },
  'fields-too-large': {
    status: 431,
    blame: 'client',
    retryable: false,
    advice: "The header fields exceed the listener's limits (`limits.headerBytes`, `limits.headerFields`).",
  },
  'client-gone': {
    status: 499, // nobody is left to see it; NGINX's number for that, in logs and metrics
    blame: 'client',
    retryable: false,
    advice:
      'The client left before its answer had begun. There is nothing to do, unless answers take too long.',
  },
  internal: {
    status: 500,
    blame: 'meridian',
    retryable: false,
    advice: 'Meridian failed to handle the request. The log holds the cause under this request id.',
  },
  'blob-damaged': {
    status: 500,
    blame: 'operator',
    retryable: false,
    advice: 'A stored blob is no longer what its name says. Restore it from a backup, or publish it again.',
  },
  'method-unknown': {
    status: 501,
    blame: 'client',
    retryable: false,
    advice: 'A proxy does not serve this method.',
  },
  'upstream-unreachable': {
    status: 502,
    blame: 'upstream',
    retryable: true,
    advice: 'The upstream cannot be reached. It may be down, or its address wrong.',
  },
  'upstream-invalid': {
    status: 502,
    blame: 'upstream',
    retryable: true,
    advice: "The upstream's answer is not what its protocol prescribes. The detail says how.",
  },
  'upstream-truncated': {
    status: 502,
    blame: 'upstream',
    retryable: true,
    advice: 'The upstream closed the connection before its answer was whole. Nothing of it was kept.',
  },
  'upstream-changed': {
    status: 502,
    blame: 'upstream',
    retryable: true,
    advice:
      'The upstream began to send another version while parts of this one were being fetched. Ask again for the new one.',
  },
  'digest-mismatch': {
    status: 502,
    blame: 'upstream',
    retryable: true,
    advice:
      'The bytes received are not those that the digest promises. They were refused and not kept; the next request tries again.',
  },
  'upstream-limiting': {
    status: 503,
    blame: 'upstream',
    retryable: true,
    advice:
      'The upstream limits how often it may be asked (429). Retry later; what is stored is served meanwhile.',
  },
  'bus-unreachable': {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice:
      'The nodes could not be told in time, and may be all the same. See that the bus (`bus` in the config) runs and can be reached, then ask again.',
  },
  'bus-overloaded': {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice: 'More waits to be told to the nodes than the bus takes. Ask again, more slowly.',
  },
  overloaded: {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice: 'The node is at a configured limit. Retry after the time that Retry-After gives.',
  },
  'access-unknown': {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice:
      'The node has heard nothing of tokens and rights for too long (`access.trustS`), so it lets nobody in. See that the bus and the origin can be reached.',
  },
  'policy-unready': {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice:
      "The route's policy cannot be applied now: its feed of advisories, or the upstream, cannot be read. The origin's log says why.",
  },
  'store-unavailable': {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice:
      "The origin's store does not answer, or refuses. `meridian status` shows which one; the log, why.",
  },
  draining: {
    status: 503,
    blame: 'operator',
    retryable: true,
    advice: 'The node is shutting down. Retry: another one, or its successor, will answer.',
  },
  'upstream-timeout': {
    status: 504,
    blame: 'upstream',
    retryable: true,
    advice:
      'The upstream did not answer in time (`timeouts.connectMs`, `timeouts.firstByteMs`, `timeouts.betweenBytesMs`).',
  },
  'upstream-offline': {
    status: 504,
    blame: 'upstream',
    retryable: true,
    advice:
      'The route asks no upstream (`offline: true` in the config), and nothing that is hosted, mirrored or cached here answers this. To have it fetched, take `offline` away and reload the origin (`meridian reload`).',
  },
  'only-if-cached': {
    status: 504,
    blame: 'client',
    retryable: false,
    advice:
      'The request asked for a stored response only (Cache-Control: only-if-cached) and none can be used.',
  },
  'store-full': {
    status: 507,
    blame: 'operator',
    retryable: false,
    advice: "There is no room left in the origin's store. Make some, or collect what nobody refers to.",
  },
  'loop-detected': {
    status: 508,
    blame: 'operator',
    retryable: false,
    advice: 'The request has passed this node before (CDN-Loop, RFC 8586). Check the parents and upstreams.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errors;

/** The one error class. `cause` keeps what lies beneath; `detail` is safe to show to a client. */
export class MeridianError extends Error {
  override readonly name = 'MeridianError';
  readonly code: ErrorCode;
  readonly detail: string;
  /** Seconds, for `Retry-After`. */
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; retryAfterS?: number } = {}) {
    super(`${code}: ${detail}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.detail = detail;
    this.retryAfterS = options.retryAfterS;
  }

  get row(): ErrorRow {
    return errors[this.code];
  }

  /** What is wrong, and what to do, in sentences for a client. */
  get explanation(): string {
    const said = /[.?!]$/.test(this.detail) ? this.detail : `${this.detail}.`;
    return `${said} ${this.row.advice}`;
  }
}

/** Any thrown value as a `MeridianError`: what is not one already is our own fault until shown otherwise. */
export function asMeridianError(thrown: unknown): MeridianError {
  if (thrown instanceof MeridianError) return thrown;
  const detail = 'An unexpected error; the log holds it under this request id.';
  return new MeridianError('internal', detail, { cause: thrown });
}
