/**
 * The rule that an image has to be signed. A signature of an index covers what the index names. What was found is believed for a while
 * (`recheckS`), and longer when nobody can be asked; that there is none, for some seconds.
 */
import type { Clock } from '../../../clock.ts';
import type { Digest } from '../digest.ts';
import type { Dossiers } from './dossiers.ts';
import type { SignatureRule } from './options.ts';
import { covering, type Finding, type Met, specsOf } from './rules.ts';
import { findClaims, type Reader } from './signatures/find.ts';
import { openKey, type VerifyingKey } from './signatures/keys.ts';
import { isAbout, type Spec, specOf } from './spec.ts';

export interface OpenSignatureRule extends Pick<SignatureRule, 'needed' | 'recheckS'> {
  /** The same for rules that the same signatures satisfy. */
  readonly mark: string;
  readonly keys: readonly VerifyingKey[];
  isAbout(name: string): boolean;
  /** Whether a signature for this name counts. */
  isFor(names: readonly string[]): boolean;
  readonly exempt: readonly Spec[];
}

export function openSignatureRules(
  rules: readonly SignatureRule[],
  full: (name: string) => string,
): readonly OpenSignatureRule[] {
  return rules.map(({ images, keys, needed, signedFor, exempt, recheckS }) => {
    const about = specsOf(images, full);
    const wanted = signedFor?.map(specOf);
    return {
      ...{ needed, recheckS },
      mark: markOf({ keys, needed, signedFor }),
      keys: keys.map(openKey),
      isAbout: (name) => about.some((spec) => isAbout(spec, name)),
      isFor: (names) =>
        wanted === undefined || names.some((name) => wanted.some((spec) => isNamed(spec, name))),
      exempt: specsOf(exempt, full),
    };
  });
}

/** A signer may write the name with a tag. */
function isNamed(spec: Spec, name: string): boolean {
  return isAbout(spec, name) || isAbout(spec, name.replace(/(?::[^/:@]+)?(?:@.*)?$/, ''));
}

function markOf(rule: Pick<SignatureRule, 'keys' | 'needed' | 'signedFor'>): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(rule)).digest('base64url').slice(0, 16);
}

/** How long it is believed that there is no signature, so that one that is pushed counts soon. */
const unsignedMs = 3000;
/** Such words that are kept. */
const mostUnsigned = 10_000;
/** An index may be named by another one. */
const deepest = 3;

export interface Signatures {
  judge(rule: OpenSignatureRule, met: Met, read: Reader): Promise<Finding>;
  /** There may be a signature now where there was none. */
  lookAgain(name: string): void;
  /** Something has been taken away from a repository. */
  forget(name: string): Promise<void>;
}

interface Keeping {
  readonly dossiers: Dossiers;
  readonly clock: Clock;
  /** Another origin may have taken a signature away there. */
  readonly isHosted: (name: string) => boolean;
  /** A signature that had counted does so no more. */
  readonly lost: (name: string) => void;
}

type Word = { readonly isSigned: true } | { readonly isSigned: false; readonly why: string };

export function openSignatures({ dossiers, clock, isHosted, lost }: Keeping): Signatures {
  const unsigned = new Map<string, { readonly word: Word; readonly untilMs: number }>();
  const underWay = new Map<string, Promise<Word>>();
  /** How often something was taken away: what was read before may have been that. */
  let withdrawals = 0;

  /** Its own signatures, or those of an index that names it. */
  async function wordOn(
    rule: OpenSignatureRule,
    name: string,
    digest: Digest,
    read: Reader,
    depth = 0,
  ): Promise<Word> {
    const dossier = await dossiers.get(name, digest, isHosted(name));
    if (isBelieved(dossier?.signed[rule.mark], rule)) return { isSigned: true };
    const recent = unsigned.get(`${rule.mark} ${name}@${digest}`);
    if (recent !== undefined && clock.elapsed() < recent.untilMs) return recent.word;
    if (depth < deepest) {
      const fresh = await dossiers.get(name, digest, true);
      for (const parent of [...(fresh?.parents ?? [])].reverse()) {
        const word = await wordOn(rule, name, parent, read, depth + 1);
        if (word.isSigned) return word;
      }
    }
    return together(rule, name, digest, read);
  }

  function isBelieved(foundMs: number | undefined, { recheckS }: OpenSignatureRule): boolean {
    return foundMs !== undefined && clock.now() - foundMs < recheckS * 1000;
  }

  /** Many may ask at the same moment: it is looked for once. */
  function together(rule: OpenSignatureRule, name: string, digest: Digest, read: Reader): Promise<Word> {
    const key = `${rule.mark} ${name}@${digest}`;
    const begun = underWay.get(key);
    if (begun !== undefined) return begun;
    const look = lookFor(rule, name, digest, read).finally(() => underWay.delete(key));
    underWay.set(key, look);
    return look.then((word) => {
      if (!word.isSigned) keepWord(key, word);
      return word;
    });
  }

  function keepWord(key: string, word: Word): void {
    unsigned.delete(key);
    unsigned.set(key, { word, untilMs: clock.elapsed() + unsignedMs });
    const [oldest] = unsigned.keys();
    if (unsigned.size > mostUnsigned && oldest !== undefined) unsigned.delete(oldest);
  }

  function lookAgain(name: string): void {
    for (const key of unsigned.keys()) if (key.includes(` ${name}@`)) unsigned.delete(key);
  }

  async function lookFor(rule: OpenSignatureRule, name: string, digest: Digest, read: Reader): Promise<Word> {
    const before = (await dossiers.get(name, digest, isHosted(name)))?.signed[rule.mark];
    const since = withdrawals;
    let by: ReadonlySet<string>;
    try {
      const claims = await findClaims({ name, digest }, rule.keys, read);
      by = new Set(claims.filter(({ names }) => rule.isFor(names)).flatMap((claim) => claim.by));
    } catch (error) {
      if (before !== undefined) return { isSigned: true };
      const reason = error instanceof Error ? error.message : String(error);
      return { isSigned: false, why: `cannot be checked for signatures now (${reason})` };
    }
    if (by.size >= rule.needed) {
      const nowMs = clock.now();
      if (since !== withdrawals) return { isSigned: true };
      await dossiers.change(name, digest, (dossier) => ({
        ...dossier,
        signed: { ...dossier.signed, [rule.mark]: nowMs },
      }));
      return { isSigned: true };
    }
    if (before !== undefined) {
      await dossiers.change(name, digest, (dossier) => {
        const { [rule.mark]: _, ...signed } = dossier.signed;
        return { ...dossier, signed };
      });
      lost(name);
    }
    return { isSigned: false, why: missing(rule, [...by]) };
  }

  return {
    async judge(rule, { name, tag, digest, content, ways }, read) {
      const of = (passes: boolean, why: string): Finding => {
        return { rule: 'signatures', passes, why, untilMs: null };
      };
      const exemption = covering(rule.exempt, name, ways);
      if (exemption !== undefined) return of(true, `needs no signature (${exemption.text})`);
      // Else nobody could look at them.
      if (content.isSignature) return of(true, 'is a signature itself');
      if (content.isIndex && tag !== null && /^sha(?:256|512)-[0-9a-f]+$/.test(tag))
        return of(true, 'is a list of what refers to an image');
      const word = await wordOn(rule, name, digest, read);
      return word.isSigned ? of(true, `is signed by ${inWords(rule)}`) : of(false, word.why);
    },
    lookAgain,
    async forget(name) {
      withdrawals++;
      lookAgain(name);
      await dossiers.unsign(name);
    },
  };
}

function missing(rule: OpenSignatureRule, by: readonly string[]): string {
  const found = by.length === 0 ? '' : `, and is by ${by.join(', ')} alone`;
  return `is not signed as it has to be: by ${inWords(rule)}${found}`;
}

/** `release`, `one of these keys: a, b`. */
function inWords({ keys, needed }: OpenSignatureRule): string {
  const names = keys.map(({ name }) => name).join(', ');
  if (keys.length === 1) return `the key ${names}`;
  return needed === keys.length ? `all of these keys: ${names}` : `${needed} of these keys: ${names}`;
}
