/**
 * A transaction that ends with its work: code that goes on to use it would write into somebody else's.
 */
import type { Transaction } from '../../store.ts';
import { ended } from './document.ts';

export interface Ending {
  readonly transaction: Transaction;
  /** Whatever is asked of it from now on fails. */
  end(): void;
}

export function ending(work: Transaction): Ending {
  let isOpen = true;

  function open(): Transaction {
    if (!isOpen) throw ended();
    return work;
  }

  return {
    transaction: {
      get: async (key) => open().get(key),
      scan: async (prefix, scan) => open().scan(prefix, scan),
      put: async (key, value, expected) => open().put(key, value, expected),
      delete: async (key, expected) => open().delete(key, expected),
    },
    end() {
      isOpen = false;
    },
  };
}
