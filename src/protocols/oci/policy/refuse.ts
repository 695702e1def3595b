/** How somebody is told that he does not get an image, and why. docker, podman and skopeo show the sentence. */
import type { Answer } from '../../../entry.ts';
import { reasonsOf, untilOf } from '../../verdict.ts';
import { errorBody } from '../errors.ts';
import type { Finding } from './rules.ts';

/** How long a node may repeat it without asking: short enough for a signature that is pushed now. */
const keptS = 3;

export interface RefusalDetail {
  /** Names of the rules, as the config has them. */
  readonly rules: readonly string[];
  /** Of the manifest; `null`: nobody had to know. */
  readonly digest: string | null;
  /** When it will be allowed (RFC 3339); `null`: not by itself. */
  readonly until: string | null;
}

/** @param against at least one. */
export function refusalAnswer(subject: string, digest: string | null, against: readonly Finding[]): Answer {
  const untilMs = untilOf(against);
  const rules = [...new Set(against.map(({ rule }) => rule))];
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  const detail: RefusalDetail = { rules, digest, until };
  const named = rules.length === 1 ? `rule ${rules[0]}` : `rules ${rules.join(', ')}`;
  const message = `${subject} is refused by the policy of this registry (${named}): it ${reasonsOf(against)}. ${advice(rules)}`;
  const body = new TextEncoder().encode(errorBody('DENIED', message, detail));
  const headers = new Headers({
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
    'cache-control': `public, max-age=${keptS}`,
  });
  return { status: 403, headers, body };
}

function advice(rules: readonly Finding['rule'][]): string {
  const exception = 'ask whoever runs this registry for an exception';
  const [rule] = rules;
  if (rules.length > 1) return `Use another image, or ${exception}.`;
  if (rule === 'age') return `Use an older image, or ${exception}.`;
  if (rule === 'signatures') return `Have it signed, or ${exception}.`;
  return `Use another image, or ${exception}.`;
}
