/** Some cases of a suite measured again: the others keep what was checked in, in tables as well, if that comes from the same machine and programs. */
import type { Report } from './report.ts';
import type { Suite, SuiteReport } from './suite.ts';

/** @param earlier what is checked in; `null`: nothing is. Throws where the two cannot stand in one table. */
export function withEarlier(
  report: Report,
  now: SuiteReport,
  suite: Suite,
  earlier: Report | null,
): SuiteReport {
  const before = earlier?.suites.find((each) => each.suite === now.suite);
  if (!earlier || !before) return now;
  const differs = (['cpu', 'cores', 'kernel'] as const).find(
    (what) => earlier.machine[what] !== report.machine[what],
  );
  if (differs) throw new Error(`the other cases were measured elsewhere (${differs}): measure all of them.`);
  const versions = { ...before.versions, ...now.versions };
  const other = Object.entries(before.versions).find(([name, version]) => versions[name] !== version);
  if (other) throw new Error(`the other cases were measured with ${other.join(' ')}: measure all of them.`);
  if (before.rounds !== now.rounds || before.seconds !== now.seconds)
    throw new Error(`the other cases were measured in ${before.rounds} rounds of ${before.seconds} s.`);
  const rowsOf = (title: string) => {
    const again = now.rows.filter((row) => row.case === title);
    return again.length > 0 ? again : before.rows.filter((row) => row.case === title);
  };
  const tables = tablesOf(now, before, suite);
  return { ...now, versions, rows: suite.cases.flatMap(rowsOf), ...(tables && { tables }) };
}

/** Where the first cell of a row names a case, what was measured of the others stays. */
function tablesOf(now: SuiteReport, before: SuiteReport, { cases }: Suite): SuiteReport['tables'] {
  return now.tables?.map((table) => {
    const old = before.tables?.find(({ title }) => title === table.title);
    const isAlike = old?.head.join() === table.head.join();
    if (!old || !isAlike || !table.body.every(([first = '']) => cases.includes(first))) return table;
    const again = new Set(now.rows.map((row) => row.case));
    const rowsOf = (title: string) =>
      (again.has(title) ? table : old).body.filter(([first]) => first === title);
    const remarks = [...new Set([...table.remarks, ...old.remarks])];
    return { ...table, remarks, body: cases.flatMap(rowsOf) };
  });
}
