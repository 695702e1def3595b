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

/** Of what can go wrong anywhere; what is missing has no better word than that it is not known. */
const codes: Partial<Record<ErrorCode, OciCode>> = {
  'request-malformed': 'UNSUPPORTED',
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
  'method-not-allowed': 'UNSUPPORTED',
  overloaded: 'TOOMANYREQUESTS',
  'upstream-limiting': 'TOOMANYREQUESTS',
  'too-many-attempts': 'TOOMANYREQUESTS',
};

export function errorBody(code: string, message: string, detail: unknown = null): string {
  return JSON.stringify({ errors: [{ code, message, detail }] });
}

export function codeOf({ code }: MeridianError): string {
  return codes[code] ?? 'UNKNOWN';
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
