/**
 * A network to look at: every credential replaced by an ellipsis.
 */

import { credentialNames } from './credentials.ts';
import type { Network } from './network.ts';

export function redact(network: Network): Network {
  const text = JSON.stringify(network, (key, value: unknown) => (credentialNames.has(key) ? '…' : value));
  return JSON.parse(text) as Network;
}
