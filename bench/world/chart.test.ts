import { expect, test } from 'bun:test';
import { barChart } from './chart.ts';

const bars = [
  { label: 'PoP', series: 'kept', value: 10.4 },
  { label: 'origin <far>', series: 'kept', value: 240 },
  { label: 'origin <far>', series: 'new', value: 250 },
];
const widths = (svg: string) =>
  [...svg.matchAll(/<rect x="150" y="\d+" width="(\d+)" height="16"/g)].map(([, width]) => Number(width));

test('a bar is as long as its figure says, and the longest as long as there is room', () => {
  expect(widths(barChart('Latency', 'ms', bars))).toEqual([21, 480, 500]);
});

test('what is written is no markup', () => {
  const svg = barChart('a & b', 'ms', bars);
  expect(svg).toContain('origin &lt;far></text>');
  expect(svg).toContain('a &amp; b');
  expect(svg).not.toContain('<far');
});
