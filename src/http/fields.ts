/**
 * Which fields go on to the next recipient, and which belong to this connection alone (RFC 9110 §7.6.1).
 */
import { isToken, split } from './syntax.ts';

/** Fields of one connection or one proxy, whether or not `Connection` names them (also RFC 9111 §3.1). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * What `Connection` cannot take away: a client that had `CDN-Loop` removed could send requests around in
 * circles (RFC 8586 §2).
 */
const kept: ReadonlySet<string> = new Set(['cdn-loop']);

/**
 * A copy without the hop-by-hop fields, those that `Connection` names, and those in `drop` (lower case).
 * Every `Set-Cookie` stays a field line of its own.
 */
export function endToEnd(headers: Headers, drop?: ReadonlySet<string>): Headers {
  const result = new Headers();
  forEachEndToEnd(headers, drop, (name, value) => result.append(name, value));
  return result;
}

/** The same, one by one: whoever keeps them in another form needs no copy. */
export function forEachEndToEnd(
  headers: Headers,
  drop: ReadonlySet<string> | undefined,
  take: (name: string, value: string) => void,
): void {
  const named = connectionOptions(headers.get('connection'));
  headers.forEach((value, name) => {
    if (!hopByHop.has(name) && !named.has(name) && !drop?.has(name)) take(name, value);
  });
}

/** The fields that belong to the connection, in lower case. */
function connectionOptions(value: string | null): ReadonlySet<string> {
  if (value === null) return none;
  if (value === 'keep-alive' || value === 'close') return none; // nearly always, and no field's name
  const names = split(value, ',').map((name) => name.toLowerCase());
  return new Set(names.filter((name) => isToken(name) && !kept.has(name)));
}
const none: ReadonlySet<string> = new Set();
