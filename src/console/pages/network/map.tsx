/** Where the nodes are, and what flows between them. Its chunk, with the world in it, is loaded when it is first shown. */
import { type GeoProjection, geoGraticule10, geoNaturalEarth1, geoPath } from 'd3-geo';
import { useMemo } from 'preact/hooks';
import { hitShare } from '../../data/counts.ts';
import { type Arc, arcsOf, healthOf, type NetworkNode, widthOf } from '../../data/network-node.ts';
import { nodePath, roleName } from '../../parts/health.tsx';
import { useWidth } from '../../parts/use-width.ts';
import { landShape } from './land.ts';
import { hitText } from './node-table.tsx';
import { type Located, type Spot, spotsOf } from './spots.ts';
import { Way } from './tiers.tsx';

export type Area = 'world' | 'nodes';

/** Half of the world, seen from its side. */
const proportion = 0.48;
/** No nearer than this: the coasts are drawn for the whole world. */
const nearest = 8;

export default function WorldMap({
  nodes,
  area,
}: {
  readonly nodes: readonly NetworkNode[];
  readonly area: Area;
}) {
  const [place, width] = useWidth<HTMLDivElement>();
  const height = Math.round(Math.max(260, width * proportion));
  const where = nodes
    .flatMap(({ place: at }) => (at === null ? [] : [`${at.longitude},${at.latitude}`]))
    .join(' ');
  const projection = useMemo(() => projectionFor(nodes, area, width, height), [where, area, width]);
  const drawn = useMemo(() => {
    const path = geoPath(projection).digits(1);
    return { land: path(landShape) ?? '', lines: path(geoGraticule10()) ?? '' };
  }, [projection]);
  const located = nodes.flatMap((node): Located[] => {
    const at = node.place && projection([node.place.longitude, node.place.latitude]);
    return at ? [{ node, x: at[0], y: at[1] }] : [];
  });
  return (
    <div class="map" ref={place} style={{ height: `${height}px` }}>
      {width > 0 && (
        <>
          <svg width={width} height={height} role="img" aria-label={describe(nodes)}>
            <path class="graticule" d={drawn.lines} />
            <path class="land" d={drawn.land} />
            <Arcs arcs={arcsOf(nodes)} projection={projection} />
          </svg>
          <ul aria-label="Nodes on the map">
            {spotsOf(located, width, height).map((spot) => (
              <SpotOnMap key={spot.nodes.map(({ name }) => name).join(' ')} spot={spot} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function projectionFor(
  nodes: readonly NetworkNode[],
  area: Area,
  width: number,
  height: number,
): GeoProjection {
  const world = geoNaturalEarth1();
  const all: [[number, number], [number, number]] = [
    [4, 4],
    [width - 4, height - 4],
  ];
  world.fitExtent(all, { type: 'Sphere' });
  if (area === 'world') return world;
  const whole = world.scale();
  const coordinates = nodes.flatMap(({ place }) =>
    place === null ? [] : [[place.longitude, place.latitude]],
  );
  const points = { type: 'MultiPoint' as const, coordinates };
  const aside = Math.min(150, width / 4);
  world.fitExtent(
    [
      [aside, 60],
      [width - aside, height - 60],
    ],
    points,
  );
  if (world.scale() > whole * nearest || !Number.isFinite(world.scale())) {
    const [longitude, latitude] = middleOf(coordinates);
    const centre = world.scale(whole * nearest).translate([0, 0])([longitude, latitude]) ?? [0, 0];
    world.translate([width / 2 - centre[0], height / 2 - centre[1]]);
  }
  return world.scale() < whole ? world.fitExtent(all, { type: 'Sphere' }) : world;
}

function middleOf(coordinates: readonly (readonly number[])[]): [number, number] {
  const middle = (at: 0 | 1) => {
    const values = coordinates.map((one) => one[at] ?? 0);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  return [middle(0), middle(1)];
}

function Arcs({ arcs, projection }: { readonly arcs: readonly Arc[]; readonly projection: GeoProjection }) {
  const path = geoPath(projection).digits(1);
  return (
    <>
      {arcs.map((arc) => {
        const [from, to] = [arc.child.place, arc.parent.place];
        if (from === null || to === null) return null;
        const coordinates = [from, to].map(({ longitude, latitude }) => [longitude, latitude]);
        // A line between two points is a great circle's.
        const d = path({ type: 'LineString', coordinates });
        const key = `${arc.child.name} ${arc.parent.name}`;
        return d ? <Way key={key} d={d} arc={arc} width={widthOf(arc, arcs)} /> : null;
      })}
    </>
  );
}

function SpotOnMap({ spot: { x, y, nodes, label } }: { readonly spot: Spot }) {
  const place = label ?? { left: 14, top: -15 };
  return (
    <li class={label === null ? 'spot crowded' : 'spot'} style={{ left: `${x}px`, top: `${y}px` }}>
      <i class={`marker ${worstOf(nodes)} ${nodes.at(-1)?.role ?? ''}`} />
      <div class="spot-label" style={{ left: `${place.left}px`, top: `${place.top}px` }}>
        {nodes.map((node) => {
          const { kind, label: health } = healthOf(node);
          const hits = hitText(hitShare(node.counts, 'requests'));
          return (
            <a key={node.name} href={nodePath(node.name)} class={kind}>
              <i class={`marker small ${kind} ${node.role}`} />
              <b>{node.name}</b>
              <span class="unseen">
                {roleName(node.role)}, {health},
              </span>
              {kind === 'good' ? <span>{hits}</span> : <span class={kind}>{health}</span>}
            </a>
          );
        })}
      </div>
    </li>
  );
}

function worstOf(nodes: readonly NetworkNode[]): string {
  const kinds = nodes.map((node) => healthOf(node).kind);
  return kinds.includes('bad') ? 'bad' : kinds.includes('warn') ? 'warn' : 'good';
}

function describe(nodes: readonly NetworkNode[]): string {
  const shown = nodes.filter(({ place }) => place !== null).length;
  return `World map with ${shown} of ${nodes.length} nodes. The table below says the same and more.`;
}
