/**
 * A request that one member of a ring hands to another, which keeps what it asks for. Beside the client's own fields it bears one
 * that says who hands it over, and what the connection alone could tell: the client's address, the base of the URL. The
 * network's secret signs it. Whoever gets a request with this field answers it himself: there is one hop, never two.
 *
 *     Meridian-Hop: <member> <ms since epoch> <request id> <client> <base> <fields added> <HMAC-SHA-256, base64url>
 *
 * Texts are percent-encoded. The signature covers method and target as well, and holds for a minute either way.
 */
import { timingSafeEqual } from 'node:crypto';

export const hopField = 'meridian-hop';

export interface Hop {
  /** The member that hands it over. */
  readonly from: string;
  readonly id: string;
  /** Address. */
  readonly client: string;
  /** `https://packages.example.com`, as the client used it. */
  readonly base: string;
  /** Fields that the request did not have, and that are added to every request on its way. */
  readonly added: readonly ('accept-encoding' | 'user-agent')[];
}

/** What a member says on its own account, and for no client: it asks for a sign of life, or tells of a change. */
export function ownWord(from: string): Hop {
  return { from, id: '-', client: '-', base: '-', added: [] };
}

export function isOwnWord({ id, client, base }: Hop): boolean {
  return id === '-' && client === '-' && base === '-';
}

/** Members of one ring are on one clock, or close to it. */
const toleranceMs = 60_000;

const letters = { a: 'accept-encoding', u: 'user-agent' } as const;

export function signHop(secret: string, hop: Hop, method: string, target: string, nowMs: number): string {
  const added = hop.added.map((name) => name.charAt(0)).join('');
  const texts = [hop.id, hop.client, hop.base].map(encodeURIComponent).join(' ');
  const text = `${encodeURIComponent(hop.from)} ${nowMs} ${texts} ${added === '' ? '-' : added}`;
  return `${text} ${mac(secret, text, method, target)}`;
}

/** The hop, if it is genuine and recent; otherwise `null`. */
export function verifyHop(
  secret: string,
  value: string,
  method: string,
  target: string,
  nowMs: number,
): Hop | null {
  const match = /^((\S+) (\d{1,15}) (\S+) (\S+) (\S+) (-|a?u?)) ([\w-]{43})$/.exec(value);
  if (!match) return null;
  const [, text = '', from = '', time = '', id = '', client = '', base = '', added = '', signature = ''] =
    match;
  if (Math.abs(Number(time) - nowMs) > toleranceMs) return null;
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(mac(secret, text, method, target)))) return null;
  const names = [...added].flatMap((letter) => (letter === 'a' || letter === 'u' ? [letters[letter]] : []));
  const [asker = '', request = '', address = '', origin = ''] = [from, id, client, base].map(
    decodeURIComponent,
  );
  return { from: asker, id: request, client: address, base: origin, added: names };
}

/** The first line keeps this use of the secret apart from all others. */
function mac(secret: string, text: string, method: string, target: string): string {
  const signed = `meridian hop 1\n${text}\n${method}\n${target}`;
  return new Bun.CryptoHasher('sha256', secret).update(signed).digest('base64url');
}
