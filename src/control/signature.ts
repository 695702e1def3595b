/**
 * How the control API knows its own: each request bears a hash, keyed with the network's secret, over what
 * it asks for and when. Whoever can read the secret may ask; nobody else on the machine may.
 *
 *     Authorization: Meridian t=1763712000000, mac=5f0c…
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far apart the two clocks may be, and so how long a recorded request could be sent again. */
const windowMs = 5 * 60_000;

/** Value of the `Authorization` field. */
export function sign(secret: string, method: string, path: string, nowMs: number, body = ''): string {
  return `Meridian t=${nowMs}, mac=${mac(secret, method, path, nowMs, body).toString('hex')}`;
}

export function isSigned(
  authorization: string | null,
  secret: string,
  method: string,
  path: string,
  nowMs: number,
  body = '',
): boolean {
  const [, time, hex] = /^Meridian t=(\d{1,15}), mac=([0-9a-f]{64})$/.exec(authorization ?? '') ?? [];
  if (time === undefined || hex === undefined || Math.abs(nowMs - Number(time)) > windowMs) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), mac(secret, method, path, Number(time), body));
}

/** The first line keeps this use of the secret apart from all others. */
function mac(secret: string, method: string, path: string, timeMs: number, body: string): Buffer {
  const head = `meridian control 1\n${method}\n${path}\n${timeMs}`;
  return createHmac('sha256', secret)
    .update(body === '' ? head : `${head}\n\n${body}`)
    .digest();
}
