/**
 * How nodes of one network know each other: a request between tiers carries a `Meridian-Tier` field, signed
 * with the network's secret, so that no client can pose as a tier.
 *
 *     Meridian-Tier: <node> <route> <ms since epoch> <f|b> <HMAC-SHA-256, base64url>
 *
 * The signature covers method and target as well, and holds for five minutes either way. `b` marks a
 * request for which no client waits.
 */
import { timingSafeEqual } from 'node:crypto';

export const tierField = 'meridian-tier';

export interface TierClaim {
  readonly node: string;
  readonly route: string;
  readonly background: boolean;
}

/** How far apart two nodes' clocks may be. */
const toleranceMs = 5 * 60 * 1000;

export function signTier(
  secret: string,
  claim: TierClaim,
  method: string,
  target: string,
  nowMs: number,
): string {
  const text = `${claim.node} ${claim.route} ${nowMs} ${claim.background ? 'b' : 'f'}`;
  return `${text} ${mac(secret, text, method, target)}`;
}

/** The claim, if it is genuine and recent; otherwise `null`. */
export function verifyTier(
  secret: string,
  value: string,
  method: string,
  target: string,
  nowMs: number,
): TierClaim | null {
  const match = /^(\S+) (\S+) (\d{1,15}) ([fb]) ([\w-]{43})$/.exec(value);
  if (!match) return null;
  const [, node = '', route = '', time = '', mark = '', signature = ''] = match;
  if (Math.abs(Number(time) - nowMs) > toleranceMs) return null;
  const expected = mac(secret, `${node} ${route} ${time} ${mark}`, method, target);
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return null;
  return { node, route, background: mark === 'b' };
}

function mac(secret: string, text: string, method: string, target: string): string {
  return new Bun.CryptoHasher('sha256', secret).update(`${text}\n${method}\n${target}`).digest('base64url');
}
