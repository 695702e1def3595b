/**
 * Tokens that stand for passwords, for clients that show one before each piece of work: the same for a user for some hours, and known
 * to the nodes alone. A password that has just been found right is not compared again, which takes a tenth of a second, nor counted as
 * an attempt.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Proof } from '../../identity.ts';
import type { Register } from '../register/register.ts';

export interface StandInOptions {
  readonly register: Pick<Register, 'makeToken' | 'passwordMark' | 'byHash' | 'user'>;
  /** Name of the user who is behind it. @throws `wrong-password`, `too-many-attempts`, `overloaded`. */
  readonly proven: (proof: Proof, address: string | null) => Promise<string>;
  readonly clock: Clock;
}

export interface StandIns {
  /** @throws as `proven`. */
  of(shown: Pick<Proof, 'user' | 'password'>, address: string | null): Promise<{ readonly hash: string }>;
}

const goodMs = 12 * 3600 * 1000;
/** Whoever gets one can use it at least for so long. */
const marginMs = 30 * 60 * 1000;
/** Users whose token is remembered; the one of whom nothing was heard for longest goes first. */
const mostUsers = 10_000;
const label = 'stands for the password, where clients show it each time';

interface StandIn {
  /** Of the password that was shown, by this process's own key. */
  readonly seen: Buffer;
  /** Of the password that was right then. */
  readonly mark: string;
  readonly hash: string;
  readonly expiresMs: number;
}

export function standIns({ register, proven, clock }: StandInOptions): StandIns {
  const key = randomBytes(32);
  const known = new Map<string, StandIn>();
  /** By what was shown: those who show the same at once wait for one comparison. */
  const underWay = new Map<string, Promise<StandIn>>();

  async function stillGood(user: string, seen: Buffer): Promise<StandIn | null> {
    const found = known.get(user);
    if (found === undefined || !timingSafeEqual(found.seen, seen)) return null;
    if (clock.now() > found.expiresMs - marginMs) return null;
    if ((await register.passwordMark(user)) !== found.mark) return null;
    if ((await register.user(user))?.disabled !== false) return null;
    return (await register.byHash(found.hash)) === null ? null : found;
  }

  async function make(proof: Proof, seen: Buffer, address: string | null): Promise<StandIn> {
    // Before the comparison: who changes it meanwhile has what was compared forgotten.
    const mark = (await register.passwordMark(proof.user)) ?? '';
    const user = await proven(proof, address);
    const expiresMs = clock.now() + goodMs;
    const actor = { by: `user:${user}`, token: null, from: address };
    const { token } = await register.makeToken(actor, { owner: `user:${user}`, label, expiresMs });
    const made = { seen, mark, hash: token.hash, expiresMs };
    known.delete(user);
    const [oldest] = known.keys();
    if (known.size >= mostUsers && oldest !== undefined) known.delete(oldest);
    known.set(user, made);
    return made;
  }

  return {
    async of({ user, password }, address) {
      const seen = createHmac('sha256', key).update(`${user}\n${password}`).digest();
      const found = await stillGood(user, seen);
      if (found !== null) return { hash: found.hash };
      const what = seen.toString('base64url');
      const waiting = underWay.get(what);
      if (waiting !== undefined) return { hash: (await waiting).hash };
      const making = make({ user, password, create: null }, seen, address).finally(() =>
        underWay.delete(what),
      );
      underWay.set(what, making);
      return { hash: (await making).hash };
    },
  };
}
