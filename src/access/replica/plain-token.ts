/**
 * Knows news of a token as most are, without limits, at a glance: a start reads a million of them, and the whole schema takes ten times
 * as long. What is any other than this is for the schema (`register/news.ts`).
 */
import type { News } from '../register/news.ts';

const id = /^[0-9a-z]{12}$/;
const owner = /^(?:user|machine):.{1,214}$/s;

export function isPlainToken(told: unknown): told is News & { readonly of: 'token' } {
  if (!isRecord(told) || told['of'] !== 'token' || !isOrder(told['order'])) return false;
  const token = told['value'];
  return isRecord(token) && isPlain(token);
}

function isPlain(token: Readonly<Record<string, unknown>>): boolean {
  const { addresses, expiresMs } = token;
  if (token['limit'] !== null || !Array.isArray(addresses) || addresses.length > 0) return false;
  if (expiresMs !== null && !Number.isFinite(expiresMs)) return false;
  return isText(token['id'], id) && isText(token['owner'], owner);
}

function isText(value: unknown, form: RegExp): boolean {
  return typeof value === 'string' && form.test(value);
}

function isOrder(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
