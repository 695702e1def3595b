/**
 * Tokens of other systems (JWT, RFC 7519), by which a machine shows who it is: verified by the rules of RFC 8725. What the
 * token says of keys (`jku`, `x5u`, `jwk`) counts for nothing; the algorithm has to be one of the issuer's own.
 */
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { MeridianError } from '../../errors.ts';
import type { IssuerKeys } from './keys.ts';

export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
] as const;
export type Algorithm = (typeof algorithms)[number];

export interface Issuer {
  readonly url: string;
  /** What its tokens have to name as their audience. */
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
}

export type Claims = Readonly<Record<string, unknown>>;

/** Three parts of base64url and nothing else: whatever is laxer lets one token be written in two ways. */
const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const maxLength = 16_384;
/** How far apart clocks may be, in seconds. */
const toleranceS = 60;

/** @throws `unauthenticated`, with the reason; whatever fetching the keys throws. */
export async function verifyJwt(
  text: string,
  issuer: Issuer,
  keys: IssuerKeys,
  nowMs: number,
): Promise<Claims> {
  if (text.length > maxLength || !shape.test(text)) throw refused('it is not a signed JSON Web Token');
  try {
    const { typ } = decodeProtectedHeader(text);
    if (typ !== undefined && typ.toLowerCase() !== 'jwt') throw refused(`its type is ${typ}, not JWT`);
    const { payload } = await jwtVerify(text, keys.find, {
      issuer: issuer.url,
      audience: issuer.audience,
      algorithms: [...issuer.algorithms],
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
      clockTolerance: toleranceS,
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(error.message, error);
    if (error instanceof TypeError) throw refused('its key does not go with its algorithm', error);
    throw error;
  }
}

/** Which issuer a token says that it comes from, before anything of it is believed. */
export function issuerIn(text: string): string | undefined {
  const [, payload = ''] = text.split('.', 2);
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const iss = typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'iss') : undefined;
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined; // not a token at all, which whoever verifies it says
  }
}

function refused(why: string, cause?: unknown): MeridianError {
  return new MeridianError('unauthenticated', `The identity token is not accepted: ${why}`, { cause });
}
