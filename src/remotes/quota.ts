/**
 * What a remote says is left of what it grants: `RateLimit-Limit` and `RateLimit-Remaining`
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-07, and Docker Hub, which writes `100;w=21600`), or the same with `X-`.
 */
export interface Quota {
  /** Requests in a window; `null`: it does not say. */
  readonly limit: number | null;
  /** Of them, still to be used. */
  readonly remaining: number;
}

/** `null` where an answer says nothing of the kind. */
export function quotaIn(headers: Headers): Quota | null {
  const remaining = countIn(headers, 'remaining');
  return remaining === null ? null : { limit: countIn(headers, 'limit'), remaining };
}

function countIn(headers: Headers, what: 'limit' | 'remaining'): number | null {
  const value = headers.get(`ratelimit-${what}`) ?? headers.get(`x-ratelimit-${what}`);
  const [, digits] = /^\s*(\d{1,15})\s*(?:[;,]|$)/.exec(value ?? '') ?? [];
  return digits === undefined ? null : Number(digits);
}
