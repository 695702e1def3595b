/** What is not done, with the code of the specification and a sentence for whoever asked for it. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import type { Exchange } from '../../../exchange.ts';
import type { Action } from '../../../identity.ts';
import { errorAnswer, type OciCode } from '../errors.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: OciCode;
  readonly fields: Readonly<Record<string, string>>;

  constructor(
    status: 400 | 403 | 404 | 405 | 413 | 415 | 416,
    code: OciCode,
    message: string,
    { fields = {}, cause }: { readonly fields?: Refusal['fields']; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.fields = fields;
  }

  get answer(): Answer {
    const answer = errorAnswer(this.status, this.code, this.message);
    for (const [name, value] of Object.entries(this.fields)) answer.headers.set(name, value);
    return answer;
  }
}

interface Intent {
  readonly action: Action;
  readonly route: string;
  readonly subject: string;
  readonly restricted: boolean;
}

/** @throws `unauthenticated`, `forbidden`. */
export function authorise({ identity }: Pick<Exchange, 'identity'>, intent: Intent): void {
  if (identity?.may(intent)) return;
  if (identity === undefined || identity.token === null)
    throw new MeridianError('unauthenticated', `${intent.subject} needs somebody who may ${intent.action}`);
  throw new MeridianError(
    'forbidden',
    `${identity.name} has no right to ${intent.action}: ${intent.subject}`,
  );
}
