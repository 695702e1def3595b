/** How often a package was asked for in the last days, and where, as the nodes have counted it. */
import type { Fleet } from '../access/api/fleet-state.ts';
import type { PackagePage } from '../access/api/packages-message.ts';

type Downloads = PackagePage['downloads'];

const lengthMs = 30 * 86_400_000;
const nobody = { requests: 0, downloads: 0, bytes: 0, nodes: [] };

export function downloadsOf(
  { top }: Pick<Fleet, 'top'>,
  { route, name }: { readonly route: string; readonly name: string },
  nowMs: number,
): Downloads {
  const asked = { by: 'package', route, name, fromMs: nowMs - lengthMs, toMs: nowMs, limit: 1 } as const;
  const { fromMs, toMs, missed, top: lines } = top.read(asked);
  const { requests, downloads, bytes, nodes } = lines[0] ?? nobody;
  return { fromMs, toMs, requests, downloads, bytes, missed, nodes: nodes.map((each) => ({ ...each })) };
}
