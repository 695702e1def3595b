/** What a chart shows. */
import type { ComponentChildren } from 'preact';

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
  /** One for each moment; `null` leaves a gap. */
  readonly values: readonly (number | null)[];
  readonly dash?: readonly number[];
}

export interface ChartProps {
  readonly title: string;
  /** When each step began, ms since the epoch, all alike long. */
  readonly atMs: readonly number[];
  readonly lines: readonly Line[];
  /** On top of each other, the first one lowest. */
  readonly isStacked?: boolean;
  /** `bytes`: marks at powers of two; `share`: 0 to 1. */
  readonly scale?: 'linear' | 'bytes' | 'log' | 'share';
  readonly format: (value: number) => string;
  /** What is said where no line has a value. */
  readonly none: string;
  readonly children?: ComponentChildren;
}
