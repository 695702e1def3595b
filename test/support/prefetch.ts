/** What an origin lends to a protocol of a test that tells nobody what to have, and reads nothing by itself. */
import type { OriginHome } from '../../src/protocol.ts';

export const nothingAhead: Pick<OriginHome, 'prefetch' | 'read'> = {
  prefetch: {
    ready: Promise.resolve(),
    told: () => new Map(),
    tell: async () => {},
    forget: async () => {},
  },
  read: async () => ({ status: 404, headers: new Headers(), bytes: new Uint8Array() }),
};
