/**
 * Where nodes are on a map: those at one place (or so near that they would hide each other) together, each group with a label that
 * hides no other one, as far as there is room.
 */
import type { NetworkNode } from '../../data/network-node.ts';

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly nodes: readonly NetworkNode[];
  /** Where the label is, from the spot; `null`: there is no room, and it is shown when asked for. */
  readonly label: Box | null;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Nearer than this, two markers would overlap. */
const nearPx = 16;
const rowHeight = 22;

export interface Located {
  readonly node: NetworkNode;
  readonly x: number;
  readonly y: number;
}

export function spotsOf(located: readonly Located[], width: number, height: number): readonly Spot[] {
  const groups: { x: number; y: number; nodes: NetworkNode[] }[] = [];
  for (const { node, x, y } of located) {
    const near = groups.find((group) => Math.hypot(group.x - x, group.y - y) < nearPx);
    if (near) near.nodes.push(node);
    else groups.push({ x, y, nodes: [node] });
  }
  const taken: Box[] = groups.map(({ x, y }) => ({ left: x - 10, top: y - 10, width: 20, height: 20 }));
  return groups.map((group, own) => {
    const label = candidates(group.nodes).find((box) => {
      const there = { ...box, left: box.left + group.x, top: box.top + group.y };
      const isInside =
        there.left >= 0 &&
        there.top >= 0 &&
        there.left + box.width <= width &&
        there.top + box.height <= height;
      return isInside && taken.every((other, at) => at === own || !overlaps(there, other));
    });
    if (label !== undefined) taken.push({ ...label, left: label.left + group.x, top: label.top + group.y });
    return { ...group, label: label ?? null };
  });
}

/** Right, left, below, above. */
function candidates(nodes: readonly NetworkNode[]): readonly Box[] {
  const longest = Math.max(...nodes.map(({ name }) => name.length));
  const [width, height] = [longest * 7.5 + 92, nodes.length * rowHeight + 8];
  return [
    { left: 14, top: -height / 2, width, height },
    { left: -14 - width, top: -height / 2, width, height },
    { left: -width / 2, top: 14, width, height },
    { left: -width / 2, top: -14 - height, width, height },
  ];
}

function overlaps(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}
