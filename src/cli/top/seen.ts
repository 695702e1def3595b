/** A node as `meridian top` has seen it. */
import type { StatusMessage } from '../../control/messages.ts';
import type { Rates } from '../../telemetry/metrics/rates.ts';

export interface Seen {
  readonly name: string;
  readonly role: string;
  /** `null`: it does not run here, or does not answer. */
  readonly status: StatusMessage | null;
  /** Since the look before; `null`: there was none at this life of it. */
  readonly rates: Rates | null;
}
