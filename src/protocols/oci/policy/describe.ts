/** A policy in words, rule by rule, in the order in which reasons are given. */
import type { PolicyTerm } from '../../../protocol.ts';
import { duration } from '../../verdict.ts';
import type { AgeRule, PolicyOptions, SignatureRule } from './options.ts';
import type { Rule } from './rules.ts';

export function describe({ only, blocked, allowed, age, signatures }: PolicyOptions): readonly PolicyTerm[] {
  const terms: PolicyTerm[] = [];
  const add = (rule: Rule, says: string, about: readonly string[], except: readonly string[]) =>
    terms.push({ rule, says, about, except });

  if (only !== undefined) add('only', 'has to be among these', only, allowed);
  if (blocked.length > 0) add('blocked', 'may not be among these', blocked, allowed);
  for (const rule of age) add('age', ageOf(rule), rule.images, rule.exempt);
  for (const rule of signatures) add('signatures', signedBy(rule), rule.images, rule.exempt);
  return terms;
}

function ageOf({ minimumS, since, withoutTime }: AgeRule): string {
  const old = `${duration(minimumS * 1000)} ago or earlier`;
  if (since === 'seen') return `was first seen here ${old}`;
  return `was made ${old}${withoutTime === 'allow' ? ', where it says when that was' : ''}`;
}

function signedBy({ keys, needed, signedFor }: SignatureRule): string {
  const names = keys.map(({ name }) => name).join(', ');
  const by = keys.length === 1 ? `the key ${names}` : `${needed} of the keys ${names}`;
  return `is signed by ${by}${signedFor === undefined ? '' : `, for ${signedFor.join(', ')}`}`;
}
