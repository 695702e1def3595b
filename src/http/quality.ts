/**
 * The weight of a preference: `;q=0.8` (RFC 9110 §12.4.2).
 *
 * Weights are whole thousandths, the grammar's own resolution, so that they compare exactly.
 */

/** The weight of a preference that states none. */
export const fullWeight = 1000;

/**
 * @param parameters of one member, trimmed, such as `['charset=utf-8', 'q=0.5']`.
 * @returns thousandths, 0 to 1000. A malformed weight makes a preference worthless: 0.
 *
 * Two forms beyond the grammar are read all the same, because common clients send them: `q=.2` (the Java
 * runtime's own default `Accept`), and more than three decimals, of which the first three count.
 */
export function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find(isWeight);
  if (weight === undefined) return fullWeight;
  const match = /^(?:0?\.(\d+)|0\.?|(1)(?:\.0*)?)$/.exec(weight.slice(2));
  if (match === null) return 0;
  if (match[2] !== undefined) return fullWeight;
  return Number((match[1] ?? '').slice(0, 3).padEnd(3, '0'));
}

export function isWeight(parameter: string): boolean {
  return parameter.startsWith('q=') || parameter.startsWith('Q=');
}
