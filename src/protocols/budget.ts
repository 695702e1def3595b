/** Memory for what is being fetched and worked on: what exceeds it is refused, and nothing waits for it. */
import { MeridianError } from '../errors.ts';

/** Bounds the memory of all documents that are being fetched and derived at the same time. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** One document's part of it. `take` fails with `overloaded`; `release` gives everything back. */
  share(): Share {
    let taken = 0;
    return {
      take: (bytes) => {
        if (bytes > this.#left) {
          const detail = 'Too many large documents are being fetched at this moment.';
          throw new MeridianError('overloaded', detail, { retryAfterS: 2 });
        }
        this.#left -= bytes;
        taken += bytes;
      },
      release: () => {
        this.#left += taken;
        taken = 0;
      },
    };
  }
}

export interface Share {
  take(bytes: number): void;
  release(): void;
}
