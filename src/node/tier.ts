/**
 * How nodes of one network know each other: a request between tiers carries a `Meridian-Tier` field, signed
 * with the network's secret, so that no client can pose as a tier.
 *
 *     Meridian-Tier: <node> <route> <ms since epoch> <f|b|s> [<log>/<sequence> | unsure] [@<token>,<address>[,<rights>]] <HMAC-SHA-256, base64url>
 *
 * The signature covers method and target as well, and holds for five minutes either way. `b` marks a
 * request for which no client waits, `s` one of a sibling, which wants only what is stored. Then comes how far the node has followed
 * the purges on the bus, where there is one, and whose request it is, where that matters: by his token, and of a ticket what it is good for
 * (JSON, base64url).
 */
import { timingSafeEqual } from 'node:crypto';
import { ticketRights } from '../access/ticket.ts';
import type { Caller, Knowledge } from '../exchange.ts';

export const tierField = 'meridian-tier';

export interface TierClaim {
  readonly node: string;
  readonly route: string;
  readonly background: boolean;
  /** Only what is stored is wanted: nobody is to be asked for it. */
  readonly storedOnly?: boolean | undefined;
  readonly knows?: Knowledge | undefined;
  readonly caller?: Caller | undefined;
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
  const known = claim.knows === undefined ? '' : ` ${knowledgeText(claim.knows)}`;
  const caller = claim.caller === undefined ? '' : ` ${callerText(claim.caller)}`;
  const text = `${claim.node} ${claim.route} ${nowMs} ${markOf(claim)}${known}${caller}`;
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
  const match = shape.exec(value);
  if (!match) return null;
  const [
    ,
    text = '',
    node = '',
    route = '',
    time = '',
    mark = '',
    known,
    token,
    address = '',
    rights,
    signature = '',
  ] = match;
  if (Math.abs(Number(time) - nowMs) > toleranceMs) return null;
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(mac(secret, text, method, target)))) return null;
  return {
    ...{ node, route, background: mark === 'b' },
    ...(mark === 's' && { storedOnly: true }),
    ...(known !== undefined && { knows: knowledgeIn(known) }),
    ...(token !== undefined && {
      caller: {
        token: token === '-' ? null : token,
        address: decodeURIComponent(address),
        ...(rights !== undefined && { only: rightsIn(rights) }),
      },
    }),
  };
}

const shape =
  /^((\S+) (\S+) (\d{1,15}) ([fbs])(?: ([^@\s]\S*\/\d{1,16}|unsure))?(?: @([\w-]+),([^\s,]+)(?:,([\w-]+))?)?) ([\w-]{43})$/;

function callerText({ token, address, only }: Caller): string {
  const rights = only === undefined ? '' : `,${Buffer.from(JSON.stringify(only)).toString('base64url')}`;
  return `@${token ?? '-'},${encodeURIComponent(address)}${rights}`;
}

/** Of a claim that is genuine. */
function rightsIn(text: string): NonNullable<Caller['only']> {
  return ticketRights.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
}

function markOf({ background, storedOnly }: TierClaim): string {
  if (storedOnly === true) return 's';
  return background ? 'b' : 'f';
}

function knowledgeText(knows: Knowledge): string {
  return knows === 'unsure' ? knows : `${encodeURIComponent(knows.log)}/${knows.sequence}`;
}

function knowledgeIn(text: string): Knowledge {
  if (text === 'unsure') return text;
  const slash = text.lastIndexOf('/');
  return { log: decodeURIComponent(text.slice(0, slash)), sequence: Number(text.slice(slash + 1)) };
}

function mac(secret: string, text: string, method: string, target: string): string {
  return new Bun.CryptoHasher('sha256', secret).update(`${text}\n${method}\n${target}`).digest('base64url');
}
