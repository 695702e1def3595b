/** What is asked for most, by route. */
import type { Counts } from '../../data/api.ts';
import { count, percent } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

const shownRoutes = 20;

export function Routes({ counts }: { readonly counts: Counts }) {
  const all = Object.entries(counts.routes).sort(([, a], [, b]) => b - a);
  const sum = all.reduce((total, [, requests]) => total + requests, 0);
  const most = Math.max(1, all[0]?.[1] ?? 0);
  return (
    <Panel title="Top routes">
      <Table
        caption="Routes asked most"
        rows={all.filter(([, requests]) => requests > 0).slice(0, shownRoutes)}
        id={([route]) => route}
        none="No route was asked for anything in this time."
        columns={[
          {
            title: 'Route',
            cell: ([route, requests]) => (
              <>
                {route === '' ? 'none' : route}
                <div class="bar" aria-hidden="true">
                  <i style={{ width: `${(100 * requests) / most}%` }} />
                </div>
              </>
            ),
          },
          { title: 'Requests', isNumber: true, cell: ([, requests]) => count(requests) },
          { title: 'Share', isNumber: true, cell: ([, requests]) => percent(requests / sum) },
        ]}
      />
    </Panel>
  );
}
