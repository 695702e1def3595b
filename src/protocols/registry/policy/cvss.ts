/**
 * How severe a vector says that something is: the base score of CVSS 3.0 and 3.1, as their specifications compute it
 * (first.org/cvss/v3.1/specification-document §7.1). Metrics of time and of the environment are passed over: they are about somebody's own
 * place, not about the vulnerability.
 */

const weights = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;
/** Of the privileges that it takes, which weigh less where what is attacked is not what suffers (scope changed). */
const privileges: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
};

/** 0 to 10; `null` for what is no whole vector of CVSS 3. */
export function baseScore(vector: string): number | null {
  const [version = '', ...metrics] = vector.trim().split('/');
  if (version !== 'CVSS:3.0' && version !== 'CVSS:3.1') return null;
  const said = new Map<string, string>();
  for (const metric of metrics) {
    const [name = '', value = ''] = metric.split(':', 2);
    if (said.has(name)) return null;
    said.set(name, value);
  }
  const scope = said.get('S') ?? '';
  const privilege = privileges[scope]?.[said.get('PR') ?? ''];
  const [av, ac, ui, c, i, a] = (['AV', 'AC', 'UI', 'C', 'I', 'A'] as const).map((name) =>
    weightOf(name, said.get(name)),
  );
  const isWhole = [privilege, av, ac, ui, c, i, a].every((weight) => weight !== undefined);
  if (!isWhole) return null;
  const [confidentiality = 0, integrity = 0, availability = 0] = [c, i, a];
  const subscore = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability);
  const impact = scope === 'U' ? 6.42 * subscore : 7.52 * (subscore - 0.029) - 3.25 * (subscore - 0.02) ** 15;
  if (impact <= 0) return 0;
  const exploitability = 8.22 * (av ?? 0) * (ac ?? 0) * (privilege ?? 0) * (ui ?? 0);
  const score = (scope === 'U' ? 1 : 1.08) * (impact + exploitability);
  return version === 'CVSS:3.0' ? Math.ceil(Math.min(score, 10) * 10) / 10 : roundedUp(Math.min(score, 10));
}

function weightOf(metric: keyof typeof weights, value = ''): number | undefined {
  const known: Readonly<Record<string, number>> = weights[metric];
  return Object.hasOwn(known, value) ? known[value] : undefined;
}

/** To one decimal, as 3.1 has it (appendix A): the same on all machines, however they round floating-point numbers. */
function roundedUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
