/** What is not done, with the code of the specification and a sentence for whoever asked for it. */
import type { Answer } from '../../../entry.ts';
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
