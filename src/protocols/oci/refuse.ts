/** Requests that a node answers by itself, because nobody could do what they ask for. */
import { MeridianError } from '../../errors.ts';
import type { Answered, FieldList, Refused } from '../../resource.ts';
import { errorBody, type OciCode } from './errors.ts';

export function malformed(code: OciCode, why: string): Answered {
  const fields: FieldList = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
  ];
  return { as: 'answer', kind: 'malformed', status: 400, fields, body: errorBody(code, why) };
}

export function refuse(kind: string, code: 'not-found' | 'method-not-allowed', why: string): Refused {
  return { as: 'refusal', kind, error: new MeridianError(code, why) };
}
