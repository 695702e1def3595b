/** The network by tier: PoPs, the shields that they ask, the origin behind them; for who has no map in mind, or nodes without a place. */
import { hitShare, total } from '../../data/counts.ts';
import { type Arc, arcsOf, healthOf, type NetworkNode, widthOf } from '../../data/network-node.ts';
import { rate } from '../../parts/format.ts';
import { nodePath, roleName } from '../../parts/health.tsx';
import { useWidth } from '../../parts/use-width.ts';
import { hitText } from './node-table.tsx';

const cardHeight = 58;
const gap = 14;
const top = 28;
const roles = ['pop', 'shield', 'origin'] as const;

interface Placed {
  readonly node: NetworkNode;
  readonly x: number;
  readonly y: number;
}

export function Tiers({ nodes }: { readonly nodes: readonly NetworkNode[] }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const columns = roles
    .map((role) => ({ role, of: nodes.filter((node) => node.role === role) }))
    .filter(({ of }) => of.length > 0);
  const rows = Math.max(...columns.map(({ of }) => of.length));
  const height = top + rows * (cardHeight + gap);
  const cardWidth = Math.min(190, (width - 24 * (columns.length - 1)) / columns.length);
  const apart = columns.length > 1 ? (width - cardWidth) / (columns.length - 1) : 0;
  const placed = columns.flatMap(({ of }, column) =>
    of.map((node, row): Placed => {
      // A column of few lies in the middle of one of many.
      const shift = ((rows - of.length) * (cardHeight + gap)) / 2;
      return { node, x: column * apart, y: top + shift + row * (cardHeight + gap) };
    }),
  );
  return (
    <div class="tiers" ref={place} style={{ height: `${height}px` }}>
      {width > 0 && (
        <>
          <Ways arcs={arcsOf(nodes)} placed={placed} cardWidth={cardWidth} width={width} height={height} />
          {columns.map(({ role }, column) => (
            <p key={role} class="tier-name" style={{ left: `${column * apart}px`, width: `${cardWidth}px` }}>
              {roleName(role)}s
            </p>
          ))}
          <ul aria-label="Nodes by tier">
            {placed.map(({ node, x, y }) => (
              <li key={node.name} style={{ left: `${x}px`, top: `${y}px`, width: `${cardWidth}px` }}>
                <Card node={node} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Card({ node }: { readonly node: NetworkNode }) {
  const { kind, label } = healthOf(node);
  return (
    <a class={`card ${kind} ${node.role}`} href={nodePath(node.name)}>
      <b>{node.name}</b>
      <span class={kind === 'good' ? 'unseen' : `badge ${kind}`}>{label}</span>
      <small>
        {hitText(hitShare(node.counts, 'requests'))} hits
        {!node.isSilent && <span> · {rate(total(node.perS, 'requests'))}/s</span>}
      </small>
    </a>
  );
}

function Ways({
  arcs,
  placed,
  cardWidth,
  width,
  height,
}: {
  readonly arcs: readonly Arc[];
  readonly placed: readonly Placed[];
  readonly cardWidth: number;
  readonly width: number;
  readonly height: number;
}) {
  const at = new Map(placed.map((one) => [one.node.name, one]));
  return (
    <svg width={width} height={height} aria-hidden="true">
      {arcs.map((arc) => {
        const [from, to] = [at.get(arc.child.name), at.get(arc.parent.name)];
        if (from === undefined || to === undefined) return null;
        const [x1, y1, x2, y2] = [from.x + cardWidth, from.y + cardHeight / 2, to.x, to.y + cardHeight / 2];
        const half = (x1 + x2) / 2;
        return (
          <Way
            key={`${arc.child.name} ${arc.parent.name}`}
            d={`M${x1},${y1}C${half},${y1} ${half},${y2} ${x2},${y2}`}
            arc={arc}
            width={widthOf(arc, arcs)}
          />
        );
      })}
    </svg>
  );
}

/** From the child to its parent; what flows is seen to flow, for who wants motion. */
export function Way({
  d,
  arc: { isAsked, requestsPerS },
  width,
}: {
  readonly d: string;
  readonly arc: Arc;
  readonly width: number;
}) {
  if (!isAsked) return <path class="way idle" d={d} />;
  return (
    <>
      <path class="way" d={d} style={{ strokeWidth: `${width}px` }} />
      {requestsPerS > 0 && (
        <path class="way flow" d={d} style={{ strokeWidth: `${Math.max(1.5, width / 2)}px` }} />
      )}
    </>
  );
}
