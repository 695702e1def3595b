/** Requests that a node answers by itself, because nobody could do what they ask for. */
import { MeridianError } from '../../errors.ts';
import type { Answered, FieldList, Refused } from '../../resource.ts';
import { errorBody, type OciCode } from './errors.ts';
import type { Malformed } from './path.ts';

export function malformed({ code, why }: Malformed): Answered {
  return answered(400, code, why);
}

/**
 * Of what is read: an address that nothing can have is one where there is nothing (OCI Distribution Specification 1.1, Pulling manifests:
 * what is not found MUST be answered with 404). Only of lists of referrers, a malformed one has to be told from an empty one.
 */
export function unreadable(wanted: Malformed): Answered {
  const { of, code, why } = wanted;
  if (of === 'referrers' || of === 'upload') return malformed(wanted);
  return answered(404, code === 'NAME_INVALID' || of === 'tags' ? code : unknownCode[of], why);
}

/** An address of no API of registries. */
export const noAddress: Answered = answered(
  404,
  'UNSUPPORTED',
  'A registry for containers serves nothing at this address.',
);

/** Clients of older registries list repositories so. */
export const noCatalogue: Answered = answered(
  404,
  'UNSUPPORTED',
  'This registry does not list its repositories here, but for whoever asks `meridian packages`, the console, or `GET /.meridian/v1/packages`.',
);

const unknownCode = { manifest: 'MANIFEST_UNKNOWN', blob: 'BLOB_UNKNOWN' } as const;

function answered(status: 400 | 404, code: OciCode, why: string): Answered {
  const fields: FieldList = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
  ];
  return { as: 'answer', kind: 'malformed', status, fields, body: errorBody(code, why) };
}

export function refuse(kind: string, code: 'not-found' | 'method-not-allowed', why: string): Refused {
  return { as: 'refusal', kind, error: new MeridianError(code, why) };
}
