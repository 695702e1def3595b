/**
 * A request that one member of a ring hands to another, which keeps what it asks for. Beside the client's own fields it bears one
 * that says who hands it over, and what the connection alone could tell: the client's address, the base of the URL. The
 * network's secret signs it. Whoever gets a request with this field answers it himself: there is one hop, never two.
 *
 *     Meridian-Hop: <member> <ms since epoch> <request id> <client> <base> <letters> <seal, base64url>
 *
 * The letters stand for fields added (a, u), and for an answer from memory or none (m). Texts are percent-encoded. Over a network, the seal is an HMAC-SHA-256 of this, the method and the target, which holds for a
 * minute either way. At a socket that only the node's own user can reach, it is one and the same word for all that comes to
 * that socket: working out two HMACs costs more than the rest of what is done about a hop.
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
  /** Whoever gets it answers only what is fresh in its memory: who hands it over would rather ask the owner than wait. */
  readonly memoryOnly?: boolean;
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

export function signHop(secret: string, hop: Hop, method: string, target: string, nowMs: number): string {
  const text = format(hop, nowMs);
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
  const parsed = parse(value);
  if (parsed === null || Math.abs(parsed.timeMs - nowMs) > toleranceMs) return null;
  return isSame(parsed.seal, mac(secret, parsed.text, method, target)) ? parsed.hop() : null;
}

/** What seals hops that come to this socket. */
export function socketSeal(secret: string, socket: string): string {
  return new Bun.CryptoHasher('sha256', secret)
    .update(`meridian hop at a socket 1\n${socket}`)
    .digest('base64url');
}

export function sealHop(seal: string, hop: Hop, nowMs: number): string {
  return `${format(hop, nowMs)} ${seal}`;
}

/** The hop, if it bears this seal; otherwise `null`. */
export function unsealHop(seal: string, value: string): Hop | null {
  const parsed = parse(value);
  return parsed !== null && isSame(parsed.seal, seal) ? parsed.hop() : null;
}

function format({ from, id, client, base, added, memoryOnly }: Hop, nowMs: number): string {
  const letters = `${added.includes('accept-encoding') ? 'a' : ''}${added.includes('user-agent') ? 'u' : ''}${memoryOnly ? 'm' : ''}`;
  return `${encoded(from)} ${nowMs} ${encoded(id)} ${encoded(client)} ${encoded(base)} ${letters || '-'}`;
}

const plain = /^[\w.:/-]+$/;

function encoded(text: string): string {
  return plain.test(text) ? text : encodeURIComponent(text);
}

function decoded(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}

interface Parsed {
  /** All but the seal. */
  readonly text: string;
  readonly timeMs: number;
  readonly seal: string;
  hop(): Hop;
}

/** Seven words with a blank between each two: a pattern for all of them would take several times as long. */
function parse(value: string): Parsed | null {
  const words = value.split(' ');
  const [from = '', time = '', id = '', client = '', base = '', added = '', seal = ''] = words;
  if (words.length !== 7 || words.includes('') || !sealForm.test(seal)) return null;
  if (!timeForm.test(time) || !addedForm.test(added)) return null;
  const hop = (): Hop => ({
    from: decoded(from),
    id: decoded(id),
    client: decoded(client),
    base: decoded(base),
    added: fieldsOf(added),
    ...(added.endsWith('m') && { memoryOnly: true }),
  });
  return { text: value.slice(0, -seal.length - 1), timeMs: Number(time), seal, hop };
}

const sealBytes = 43;
const sealForm = /^[\w-]{43}$/;
const timeForm = /^\d{1,15}$/;
const addedForm = /^(?:-|au?m?|um?|m)$/;

function fieldsOf(letters: string): Hop['added'] {
  const fields: ('accept-encoding' | 'user-agent')[] = [];
  if (letters.includes('a')) fields.push('accept-encoding');
  if (letters.includes('u')) fields.push('user-agent');
  return fields;
}

const left = Buffer.alloc(sealBytes);
const right = Buffer.alloc(sealBytes);

/** In a time that does not tell how much of it is right. Both have the form of a seal. */
function isSame(given: string, expected: string): boolean {
  left.write(given, 'latin1');
  right.write(expected, 'latin1');
  return timingSafeEqual(left, right);
}

/** The first line keeps this use of the secret apart from all others. */
function mac(secret: string, text: string, method: string, target: string): string {
  const signed = `meridian hop 1\n${text}\n${method}\n${target}`;
  return new Bun.CryptoHasher('sha256', secret).update(signed).digest('base64url');
}
