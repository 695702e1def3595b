/** Errors in the words of the Hub: clients tell by `X-Error-Code` whether a file, a revision or a repository is missing, and go on accordingly. */
import type { Answer } from '../../entry.ts';
import { absentFreshS, ownAnswer } from '../registry/answers.ts';

export type ErrorCode = 'EntryNotFound' | 'RevisionNotFound' | 'RepoNotFound' | 'GatedRepo' | 'DisabledRepo';

const codes: ReadonlySet<string> = new Set([
  ...['EntryNotFound', 'RevisionNotFound', 'RepoNotFound', 'GatedRepo', 'DisabledRepo'],
]);

/** @param freshS seconds; 0: not kept. */
export function hubError(
  status: number,
  code: ErrorCode | null,
  message: string,
  freshS: number = absentFreshS,
): Answer {
  const answer = ownAnswer(status, 'application/json', `${JSON.stringify({ error: message })}\n`);
  if (code !== null) answer.headers.set('x-error-code', code);
  answer.headers.set('x-error-message', message.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 1_000));
  if (freshS > 0) answer.headers.set('cache-control', `public, max-age=${freshS}`);
  return answer;
}

/** Thrown where an answer is made from within. */
export class HubRefusal extends Error {
  override readonly name = 'HubRefusal';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('The Hub would refuse it.');
    this.answer = answer;
  }
}

/**
 * What an upstream's refusal means for a client of the network; `null`: nothing that the Hub has words for. Its 401 says that there is no such repository,
 * or none for everybody: the client would only be asked to log in here.
 *
 * @param isAnonymous whether it was asked without a credential, so that it is not the network's which is wrong.
 * @param isPinned by a full commit: what it does not hold, it never will.
 */
export function refusalOf(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  subject: string,
  { isAnonymous, isPinned = false }: { readonly isAnonymous: boolean; readonly isPinned?: boolean },
): Answer | null {
  if (status !== 401 && status !== 403 && status !== 404 && status !== 410) return null;
  const said = headers.get('x-error-code') ?? '';
  const code = isCode(said) ? said : null;
  if (code === 'GatedRepo')
    return hubError(
      403,
      code,
      `Access to ${subject} is restricted: ask for it at the Hub, and show your own token.`,
    );
  if (code === 'DisabledRepo') return hubError(403, code, `${subject} is disabled at the Hub.`);
  if (code === 'EntryNotFound') {
    const freshS = isPinned ? longAbsentS : absentFreshS;
    return hubError(404, code, `There is no ${subject}.`, freshS);
  }
  if (code === 'RevisionNotFound') return hubError(404, code, `There is no such revision: ${subject}.`);
  const isMissing =
    status === 404 || status === 410 || code === 'RepoNotFound' || (status === 401 && isAnonymous);
  return isMissing
    ? hubError(404, 'RepoNotFound', `There is no ${subject}, or it is not for everybody.`)
    : null;
}

/** Seconds: of what a commit does not hold. */
const longAbsentS = 86_400;

function isCode(text: string): text is ErrorCode {
  return codes.has(text);
}
