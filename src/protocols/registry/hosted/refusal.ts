/** What is not done, with a sentence for whoever asked for it: `registry.ts` tells it in the ecosystem's words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** HTTP status. */
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422;
