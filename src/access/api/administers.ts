/** Who may see and change everything. */
import type { Identity } from '../../identity.ts';

export function administers(identity: Identity): boolean {
  return identity.may({ action: 'admin', route: '*', subject: '*', restricted: true });
}
