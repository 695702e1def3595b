/**
 * The key that suites are signed with which live here. It is made when the first one is, kept in the metadata store, and given out at
 * `/<archive>/archive-key.asc` for `Signed-By`; or it is the config's own. Ed25519 in the form that every apt with GnuPG or Sequoia understands
 * (a key of version 4, EdDSA as in RFC 9580 §5.5.5.5).
 */
import type { PrivateKey } from 'openpgp';
import { z } from 'zod';
import { MeridianError } from '../../../errors.ts';
import { memoise } from '../../../http/memo.ts';
import type { DocumentKey, Stores } from '../../../store.ts';

const keyOf = (route: string): DocumentKey => ['apt-key', route];

const stored = z.object({ secret: z.string(), createdMs: z.number() });

/** For people who look at a key ring. */
const userId = { name: 'Meridian archive signing key' };

export interface Signed {
  /** What was signed, with its signature around it. */
  readonly inRelease: string;
  /** The signature alone. */
  readonly detached: string;
}

export interface SigningKey {
  sign(text: string, atMs: number): Promise<Signed>;
  /** For `Signed-By`: the public key as text, and as bytes. */
  readonly armored: string;
  readonly binary: Uint8Array;
}

/** Loaded by origins that sign, and by nobody else. */
const library = () => import('openpgp');

/**
 * The key of the route, made if there is none.
 * @param configured path of a file with an armored key, without a passphrase, which is read each time; `null`: the config names none.
 */
export async function signingKeyOf(
  { metadata }: Pick<Stores, 'metadata'>,
  route: string,
  configured: string | null,
  nowMs: number,
): Promise<SigningKey> {
  if (configured !== null) return opened(await textOf(configured));
  const known = await metadata.get(keyOf(route));
  if (known !== null) return opened(stored.parse(known.value).secret);
  const made = await makeKey(nowMs);
  const secret = await metadata.transact(async (transaction) => {
    const meanwhile = await transaction.get(keyOf(route));
    if (meanwhile !== null) return stored.parse(meanwhile.value).secret;
    await transaction.put(keyOf(route), { secret: made, createdMs: nowMs }, null);
    return made;
  });
  return opened(secret);
}

async function textOf(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (cause) {
    throw unreadable(cause);
  }
}

async function makeKey(nowMs: number): Promise<string> {
  const { generateKey } = await library();
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [userId],
    date: secondsOf(nowMs),
    subkeys: [],
    format: 'armored',
  });
  return privateKey;
}

/** Unpacking a key costs more than signing. */
const remembered = memoise<Promise<SigningKey>, string>((_, secret) => open(secret));

function opened(secret: string): Promise<SigningKey> {
  return remembered(new Bun.CryptoHasher('sha256').update(secret).digest('hex'), secret);
}

async function open(secret: string): Promise<SigningKey> {
  const { createCleartextMessage, createMessage, readPrivateKey, sign } = await library();
  let key: PrivateKey;
  try {
    key = await readPrivateKey({ armoredKey: secret });
  } catch (cause) {
    throw unreadable(cause);
  }
  const shown = key.toPublic();
  return {
    armored: shown.armor(),
    binary: shown.write(),
    async sign(text, atMs) {
      const by = { signingKeys: key, date: secondsOf(atMs) };
      // What is signed is the text with CR LF (RFC 9580 §7.1), however its lines end; Debian's files have LF.
      const clear = await sign({ message: await createCleartextMessage({ text }), ...by });
      const inRelease = clear.replaceAll('\r\n', '\n');
      const message = await createMessage({ binary: new TextEncoder().encode(text) });
      return { inRelease, detached: await sign({ message, detached: true, ...by }) };
    },
  };
}

function unreadable(cause: unknown): MeridianError {
  return new MeridianError('internal', 'The key that suites are signed with cannot be read.', { cause });
}

/** OpenPGP tells time in seconds. */
function secondsOf(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
