/**
 * One request to one parent, which can be called off: by whoever wants the answer, by another one that was faster, or
 * because the parent has been found to be down.
 */
import { asMeridianError, type MeridianError } from '../errors.ts';

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
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  send(parent: Parent, signal: AbortSignal): Promise<Answer>;
  judge(answer: Answer, parent: Parent): Verdict;
  discard(answer: Answer): void;
}

export type Outcome<Answer> =
  | { readonly as: 'answer'; readonly answer: Answer; readonly verdict: Verdict }
  | { readonly as: 'error'; readonly error: MeridianError }
  /** Nothing is to be learned from how it ended. */
  | { readonly as: 'off'; readonly reason: unknown };

export interface Attempt {
  callOff(reason: unknown): void;
}

/** @param over called once, never before this has returned. */
export function attempt<Parent, Answer>(
  { signal, send, judge, discard }: Question<Parent, Answer>,
  parent: Parent,
  over: (outcome: Outcome<Answer>) => void,
): Attempt {
  const stopper = new AbortController();
  const { signal: stopped } = stopper;
  const callOff = (reason: unknown) => stopper.abort(reason);
  // For as long as the answer's body is read, too.
  signal.addEventListener('abort', () => callOff(signal.reason), { once: true });
  if (signal.aborted) callOff(signal.reason);
  send(parent, stopped).then(
    (answer) => {
      if (!stopped.aborted) return over({ as: 'answer', answer, verdict: judge(answer, parent) });
      discard(answer);
      over({ as: 'off', reason: stopped.reason });
    },
    (thrown) =>
      over(
        stopped.aborted
          ? { as: 'off', reason: stopped.reason }
          : { as: 'error', error: asMeridianError(thrown) },
      ),
  );
  return { callOff };
}
