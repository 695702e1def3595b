/** Errors as clients of registries read them (OCI Distribution Specification 1.1, Error Codes). */
import type { Answer } from '../../entry.ts';
import type { ErrorCode, MeridianError } from '../../errors.ts';

/** The specification's codes, each with its number there. */
export type OciCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS';

/** Of what can go wrong anywhere. */
const codes: Partial<Record<ErrorCode, OciCode>> = {
  'not-found': 'NAME_UNKNOWN',
  unauthenticated: 'UNAUTHORIZED',
  'scope-too-narrow': 'UNAUTHORIZED',
  'wrong-password': 'UNAUTHORIZED',
  forbidden: 'DENIED',
  'quota-exceeded': 'DENIED',
  'blob-mismatch': 'DIGEST_INVALID',
  'upload-unknown': 'BLOB_UPLOAD_UNKNOWN',
  'upload-offset': 'BLOB_UPLOAD_INVALID',
  conflict: 'BLOB_UPLOAD_INVALID',
  'body-too-large': 'SIZE_INVALID',
  overloaded: 'TOOMANYREQUESTS',
  'upstream-limiting': 'TOOMANYREQUESTS',
  'too-many-attempts': 'TOOMANYREQUESTS',
};

export function errorBody(code: string, message: string, detail: unknown = null): string {
  return JSON.stringify({ errors: [{ code, message, detail }] });
}

/** The specification has no code for what is the registry's own fault: `UNKNOWN` is what clients know from others. */
export function codeOf({ code, row }: MeridianError): OciCode | 'UNKNOWN' {
  return codes[code] ?? (row.status < 500 ? 'UNSUPPORTED' : 'UNKNOWN');
}

export function errorAnswer(status: number, code: OciCode, message: string, freshS?: number): Answer {
  const body = new TextEncoder().encode(errorBody(code, message));
  const headers = new Headers({
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
    'cache-control': freshS === undefined ? 'no-store' : `public, max-age=${freshS}`,
  });
  return { status, headers, body };
}
