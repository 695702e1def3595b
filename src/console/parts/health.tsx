/** How a node is, in a word, a colour and a shape. */
import { healthOf, type NetworkNode } from '../data/network-node.ts';
import { duration } from './format.ts';

const shapes = { good: '●', warn: '▲', bad: '✕' } as const;

export function HealthBadge({
  node,
  nowMs,
}: {
  readonly node: NetworkNode;
  /** By the origin's clock, as `heardMs` is. */
  readonly nowMs: number;
}) {
  const { kind, label, reasons } = healthOf(node);
  return (
    <span class={`badge ${kind}`} title={reasons.join(' ')}>
      <span aria-hidden="true">{shapes[kind]}</span> {label}
      {node.isSilent && ` for ${duration(nowMs - node.heardMs)}`}
    </span>
  );
}

/** About now, by the clock that the reports' times are of. */
export function nowOf(nodes: readonly NetworkNode[]): number {
  return Math.max(...nodes.map(({ heardMs }) => heardMs));
}

export function roleName(role: NetworkNode['role']): string {
  return { pop: 'PoP', shield: 'Shield', origin: 'Origin' }[role];
}

export function nodePath(name: string): string {
  return `/console/nodes/${encodeURIComponent(name)}`;
}
