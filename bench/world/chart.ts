/** Bars with figures beside them, as an SVG that needs nothing else, and can be read on light and dark pages. */

export interface Bar {
  readonly label: string;
  /** What the other bars of the same label differ in. */
  readonly series: string;
  readonly value: number;
}

const WIDTH = 720;
const LABELS = 150;
const FIGURES = 70;
const [BAR, GAP, TOP] = [18, 14, 62];
const COLOURS = ['#2f6fde', '#8fb2ee'] as const;

/** @param unit after each figure. Bars of one label stand together, in the order given. */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const groups = [...Map.groupBy(bars, ({ label }) => label)];
  const series = [...new Set(bars.map((bar) => bar.series))];
  const most = Math.max(...bars.map(({ value }) => value));
  const lines: string[] = [];
  let y = TOP;
  for (const [label, group] of groups) {
    const middle = y + (group.length * BAR) / 2 + 5;
    lines.push(`<text x="${LABELS - 12}" y="${middle}" text-anchor="end">${escaped(label)}</text>`);
    for (const bar of group) {
      const width = Math.max(1, Math.round((bar.value / most) * (WIDTH - LABELS - FIGURES)));
      const colour = COLOURS[series.indexOf(bar.series) % COLOURS.length];
      lines.push(
        `<rect x="${LABELS}" y="${y + 1}" width="${width}" height="${BAR - 2}" rx="2" fill="${colour}"/>`,
        `<text x="${LABELS + width + 6}" y="${y + 13}">${figure(bar.value)} ${unit}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  const legend = series.map((name, nth) => {
    const x = LABELS + nth * 200;
    const colour = COLOURS[nth % COLOURS.length];
    return `<rect x="${x}" y="38" width="12" height="12" rx="2" fill="${colour}"/><text x="${x + 18}" y="48">${escaped(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escaped(title)}">
<style>text { font: 13px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600 } @media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } }</style>
<text class="title" x="${LABELS}" y="22">${escaped(title)}</text>
${[...legend, ...lines].join('\n')}
</svg>
`;
}

const figure = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
