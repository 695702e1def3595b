/**
 * One request to one parent, which can be called off: by another one that was faster, or because the parent has been
 * found to be down.
 */
import { asMeridianError, type MeridianError } from '../errors.ts';
import type { Leash } from '../http/client/leash.ts';

/**
 * What an answer says of the parent that gave it. `unable`: it cannot do its work. `relayed`: it does, but what lies
 * beyond it does not; another parent may do better, and this one is none the worse for it.
 */
export type Verdict = 'good' | 'unable' | 'relayed';

export interface Question<Parent, Answer> {
  /** What is asked for. */
  readonly key: string;
  /** It changes nothing and has no body: it may be sent again. */
  readonly mayRepeat: boolean;
  /** Somebody waits, and it is not known to be large: another parent may be asked as well. */
  readonly mayHedge: boolean;
  /** Aborted when nobody wants the answer any more. `send` sees to that. */
  readonly signal: AbortSignal;
  /** Rejects soon after the leash is pulled. */
  send(parent: Parent, leash: Leash): Promise<Answer>;
  judge(answer: Answer, parent: Parent): Verdict;
  discard(answer: Answer): void;
}

export type Outcome<Answer> =
  | { readonly as: 'answer'; readonly answer: Answer; readonly verdict: Verdict }
  | { readonly as: 'error'; readonly error: MeridianError }
  /** Nothing is to be learned from how it ended. */
  | { readonly as: 'off'; readonly reason: unknown };

/** Never rejects. Its outcome is `off` once the leash has been pulled, or the signal aborted. */
export async function attempt<Parent, Answer>(
  question: Question<Parent, Answer>,
  parent: Parent,
  leash: Leash,
): Promise<Outcome<Answer>> {
  try {
    const answer = await question.send(parent, leash);
    const off = whyOff(question.signal, leash);
    if (off === null) return { as: 'answer', answer, verdict: question.judge(answer, parent) };
    question.discard(answer);
    return off;
  } catch (thrown) {
    return whyOff(question.signal, leash) ?? { as: 'error', error: asMeridianError(thrown) };
  }
}

function whyOff(signal: AbortSignal, { pulled }: Leash): Outcome<never> | null {
  if (pulled) return { as: 'off', reason: pulled.reason };
  return signal.aborted ? { as: 'off', reason: signal.reason } : null;
}
