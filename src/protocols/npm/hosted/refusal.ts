/**
 * A change that is not made, with a sentence for whoever asked for it, in the form in which npm shows one.
 */
import type { Answer } from '../../../entry.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Action } from '../../../identity.ts';
import { jsonAnswer } from '../canonical.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 503, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }

  get answer(): Answer {
    const answer = jsonAnswer(this.status, { error: this.message });
    if (this.status === 401) answer.headers.set('www-authenticate', 'Bearer');
    if (this.status === 503) answer.headers.set('retry-after', '5');
    return answer;
  }
}

/** Refused because of what went wrong while it was read. */
export function unreadable(message: string, cause: unknown): Refusal {
  return new Refusal(400, message, cause);
}

interface Intent {
  readonly action: Action;
  readonly route: string;
  readonly subject: string;
  readonly restricted: boolean;
}

/** Refuses whoever has no right to it; who has not said who he is gets asked for that. */
export function authorise({ identity }: Exchange, intent: Intent): void {
  if (identity?.may(intent)) return;
  if (identity === undefined || identity.token === null) throw new Refusal(401, 'authentication needed');
  const what = intent.subject === '' ? `route ${intent.route}` : intent.subject;
  throw new Refusal(403, `${identity.name} has no right to ${intent.action} here: ${what}`);
}
